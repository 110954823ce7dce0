// SPDX-License-Identifier: MIT
// engine: its birth, once in each process. Most tests run in children, before this process has an engine of its own.
// map_memory and pthread_create are wrapped.
#include "engine/engine.h"

#include "engine/requests.h"
#include "exec/without_threads.h"
#include "without_memory.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;

int begin(void** state) {
  thread_fault.start_over();
  return prepare(state);
}

bool serves() {
  MemoryFile file;
  Aio aio;
  aio.write(file.fd, "1234");
  return aio.submitted == 0 && eventually([&] { return aio.is_over(); }) && aio.result() == 4;
}

// What the child may not have of its parent, and that it has an engine of its own for all that.
int status_of_a_fresh_process() {
  if (running_engine() != nullptr) return 1;
  Engine* mine = engine();
  if (mine == nullptr || running_engine() != mine) return 2;
  if (mine->registry.chains.made() != 0 || mine->streams != 0 || mine->workers.created() != 0) return 3;
  return serves() ? 0 : 4;
}

void nothing_exists_before_the_first_use(void**) {
  assert_null(running_engine());
  set_threads(3, 1);  // aio_init is no first use
  assert_null(running_engine());
  assert_int_equal(threads_named("atomrt-worker"), 0);
}

void without_memory_there_is_no_engine_yet(void**) {
  const int status = in_child([] {
    {
      const WithoutMemory none;
      if (engine() != nullptr || running_engine() != nullptr) return 1;
    }
    return status_of_a_fresh_process();
  });
  assert_int_equal(status, 0);
}

void threads_that_start_it_together_get_the_same(void**) {
  for (int round = 0; round < 10; ++round) {
    const int status = in_child([] {
      std::atomic<int> ready{0};
      Engine* found[3] = {};
      const auto work = [&](int i) {
        ready.fetch_add(1);
        while (ready.load() < 3) sched_yield();
        found[i] = engine();
      };
      {
        Thread a([&] { work(0); });
        Thread b([&] { work(1); });
        Thread c([&] { work(2); });
      }
      return found[0] != nullptr && found[0] == found[1] && found[1] == found[2] && running_engine() == found[0] ? 0 : 1;
    });
    assert_int_equal(status, 0);
  }
}

void wishes_from_before_the_start_count(void**) {
  const int status = in_child([] {
    set_threads(2, 1000);
    close_gate();
    MemoryFile file;
    static Aio aios[4];
    for (Aio& aio : aios) aio.read(file.fd);
    if (!eventually([] { return perform_gate.arrived() == 2; })) return 1;
    for (int i = 0; i < 20; ++i) pause_briefly();
    if (perform_gate.arrived() != 2) return 2;
    open_gate();
    for (const Aio& aio : aios) {
      if (!eventually([&] { return aio.is_over(); })) return 3;
    }
    return 0;
  });
  assert_int_equal(status, 0);
}

void it_is_started_once(void**) {
  Engine* first = engine();
  assert_non_null(first);
  assert_ptr_equal(engine(), first);
  assert_ptr_equal(running_engine(), first);
}

void a_child_starts_afresh_and_a_grandchild_too(void**) {
  SKIP_UNDER_TSAN();
  assert_true(serves());
  const int status = in_child([] {
    const int mine = status_of_a_fresh_process();
    return mine != 0 ? mine : 10 + in_child([] { return status_of_a_fresh_process(); });
  });
  assert_int_equal(status, 10);
  assert_true(serves());
}

// Locks that are held, threads that exist, requests that wait: none of it is the child's.
void a_child_has_none_of_the_requests_in_flight(void**) {
  SKIP_UNDER_TSAN();
  Pipe pipe;
  MemoryFile file;
  set_threads(1, 1000);
  Aio stream, running, held;
  stream.read(pipe.out, 1);
  close_gate();
  running.write(file.fd, "1111");
  held.write(file.fd, "2222");
  Engine& engine = the_engine();
  engine.start_mutex.lock();
  const int status = in_child([] {
    open_gate();
    return status_of_a_fresh_process();
  });
  engine.start_mutex.unlock();
  assert_int_equal(status, 0);
  assert_int_equal(stream.error(), EINPROGRESS);
  open_gate();
  running.ends_with(0, 4);
  held.ends_with(0, 4);
  assert_int_equal(write(pipe.in, "x", 1), 1);
  stream.ends_with(0, 1);
}

void a_wish_takes_effect_while_it_runs(void**) {
  set_threads(3, 1000);
  close_gate();
  MemoryFile file;
  Aio aios[5];
  for (Aio& aio : aios) aio.read(file.fd);
  assert_true(eventually([] { return perform_gate.arrived() == 3; }));
  set_threads(4, 1000);
  Aio one_more;
  one_more.read(file.fd);
  assert_true(eventually([] { return perform_gate.arrived() == 4; }));
  for (int i = 0; i < 20; ++i) pause_briefly();
  assert_int_equal(perform_gate.arrived(), 4);
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, settle)
UNIT_TESTS(TEST(nothing_exists_before_the_first_use), TEST(without_memory_there_is_no_engine_yet),
           TEST(threads_that_start_it_together_get_the_same), TEST(wishes_from_before_the_start_count),
           TEST(it_is_started_once), TEST(a_child_starts_afresh_and_a_grandchild_too),
           TEST(a_child_has_none_of_the_requests_in_flight), TEST(a_wish_takes_effect_while_it_runs))
