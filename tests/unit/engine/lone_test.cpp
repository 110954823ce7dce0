// SPDX-License-Identifier: MIT
// lone: transfers that are left to the thread that waits for them, with real threads beside it: a worker keeps watch, so
// a request may have gone on before the test looks. Each is tried until it was there in time.
#include "engine/lone.h"

#include "engine/hold.h"
#include "engine/requests.h"
#include "engine/suspend.h"
#include "engine/waiter.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Operation;
using atomrt::chain::Place;

// A file whose writes, or reads, have been waited for until they are left to waiters.
struct WaitedFor : MemoryFile {
  const Operation operation;
  explicit WaitedFor(Operation wanted = Operation::WRITE) : operation(wanted) {
    assert_true(eventually([this] { return learn(); }));
  }
  Aio& submit(Aio& aio, const char* text) const {
    return operation == Operation::WRITE ? aio.write(fd, text) : aio.read(fd);
  }
  bool learn() const {
    Aio aio;
    submit(aio, "1111");
    const struct aiocb* const list[] = {&aio.block};
    while (!aio.is_over()) assert_int_equal(suspend(list, 1, nullptr), 0);
    assert_int_equal(aio.error(), 0);
    return the_engine().workers.leaves_to_waiters(fd);
  }
  // use(aio): what a test does with a request that is left to its waiter; it says whether it came in time.
  template <typename Use>
  void try_with(Use use) const {
    assert_true(eventually([&] {
      learn();
      Aio aio;
      submit(aio, "2222");
      const bool was_in_time = use(aio);
      if (!was_in_time) aio.ends_with(0, 4);
      return was_in_time;
    }));
  }
  [[nodiscard]] std::string text() const {
    char bytes[5] = {};
    return std::string(bytes, static_cast<std::size_t>(pread(fd, bytes, 4, 0)));
  }
};

void a_lone_write_is_run_by_its_waiter(void**) {
  const WaitedFor file;
  file.try_with([&](const Aio& write) {
    performed_by_the_test = 0;
    if (write.place() != Place::LONE || !work_for(the_engine(), &write.block, false)) return false;
    if (performed_by_the_test != 1) return false;
    write.ends_with(0, 4);
    return true;
  });
  assert_true(file.text() == "2222");
}

void a_lone_write_that_nobody_waits_for_is_run(void**) {
  const WaitedFor file;
  file.try_with([&](const Aio& write) {
    if (write.place() != Place::LONE) return false;
    write.ends_with(0, 4);
    return true;
  });
}

void a_lone_write_is_cancelled(void**) {
  const WaitedFor file;
  for (const bool by_number : {false, true}) {
    file.try_with([&](const Aio& write) {
      if (write.place() != Place::LONE) return false;
      const int outcome = by_number ? cancel_all(file.fd) : cancel_one(file.fd, &write.block);
      if (outcome != AIO_CANCELED) return false;
      write.ends_with(ECANCELED, -1);
      return true;
    });
  }
}

void a_lone_write_goes_to_the_file_that_its_number_meant(void**) {
  const WaitedFor file;
  file.try_with([&](const Aio& write) {
    const MemoryFile other;
    const int kept = dup(file.fd);
    const bool was_lone = write.place() == Place::LONE;
    before_close(file.fd);
    assert_int_equal(dup2(other.fd, file.fd), file.fd);
    write.ends_with(0, 4);
    char byte;
    assert_int_equal(pread(other.fd, &byte, 1, 0), 1);
    assert_int_equal(byte, 'a');
    before_close(file.fd);
    assert_int_equal(dup2(kept, file.fd), file.fd);
    assert_int_equal(close(kept), 0);
    return was_lone;
  });
  assert_true(file.text() == "2222");
}

void a_sync_waits_for_a_lone_write(void**) {
  const WaitedFor file;
  file.try_with([&](const Aio& write) {
    const bool was_lone = write.place() == Place::LONE;
    Aio sync;
    sync.sync(file.fd);
    sync.ends_with(0, 0);
    assert_true(write.is_over());
    write.ends_with(0, 4);
    return was_lone;
  });
}

// Unseen by the library the number means a pipe: what was known of it is wrong.
void a_number_that_means_a_pipe_by_now_is_served_as_one(void**) {
  const WaitedFor file;
  assert_true(eventually([&] {
    const Pipe pipe;
    const int kept = dup(file.fd);
    if (!file.learn()) return false;
    assert_int_equal(dup3(pipe.in, file.fd, 0), file.fd);
    Aio write;
    write.write(file.fd, "pipe");
    const bool was_lone = write.place() == Place::LONE;
    const struct aiocb* const list[] = {&write.block};
    while (!write.is_over()) assert_int_equal(suspend(list, 1, nullptr), 0);
    write.ends_with(0, 4);
    char bytes[4];
    assert_int_equal(read(pipe.out, bytes, 4), 4);
    assert_memory_equal(bytes, "pipe", 4);
    assert_int_equal(dup3(kept, file.fd, 0), file.fd);
    assert_int_equal(close(kept), 0);
    return was_lone;
  }));
}

void a_lone_read_is_run_by_its_waiter(void**) {
  const WaitedFor file(Operation::READ);
  file.try_with([&](const Aio& read) {
    performed_by_the_test = 0;
    if (read.place() != Place::LONE || !work_for(the_engine(), &read.block, true)) return false;
    if (performed_by_the_test != 1) return false;
    read.ends_with(0, 4);
    assert_memory_equal(read.buffer, "abcd", 4);
    return true;
  });
}

// He would wait for storage with the first while another is over.
void who_waits_for_several_leaves_a_lone_read_alone(void**) {
  const WaitedFor file(Operation::READ);
  file.try_with([&](const Aio& read) {
    performed_by_the_test = 0;
    if (read.place() != Place::LONE || work_for(the_engine(), &read.block, false)) return false;
    if (performed_by_the_test != 0 || read.place() != Place::LONE) return false;
    read.ends_with(0, 4);  // by the worker that keeps watch
    return true;
  });
}

void a_lone_read_is_cancelled(void**) {
  const WaitedFor file(Operation::READ);
  file.try_with([&](const Aio& read) {
    if (read.place() != Place::LONE || cancel_one(file.fd, &read.block) != AIO_CANCELED) return false;
    read.ends_with(ECANCELED, -1);
    return true;
  });
}

void a_lone_read_reads_the_file_that_its_number_meant(void**) {
  const WaitedFor file(Operation::READ);
  file.try_with([&](const Aio& read) {
    const MemoryFile other("other");
    const int kept = dup(file.fd);
    const bool was_lone = read.place() == Place::LONE;
    before_close(file.fd);
    assert_int_equal(dup2(other.fd, file.fd), file.fd);
    read.ends_with(0, 4);
    assert_memory_equal(read.buffer, "abcd", 4);
    before_close(file.fd);
    assert_int_equal(dup2(kept, file.fd), file.fd);
    assert_int_equal(close(kept), 0);
    return was_lone;
  });
}

void a_second_read_lets_a_lone_one_go_on(void**) {
  const WaitedFor file(Operation::READ);
  file.try_with([&](const Aio& read) {
    const bool was_lone = read.place() == Place::LONE;
    close_gate();
    Aio second;
    second.read(file.fd);
    const bool is_lone = read.place() == Place::LONE || second.place() == Place::LONE;
    open_gate();
    second.ends_with(0, 4);
    if (is_lone) return false;
    read.ends_with(0, 4);
    return was_lone;
  });
}

void appends_and_direct_writes_are_never_left(void**) {
  const WaitedFor file;
  assert_int_equal(fcntl(file.fd, F_SETFL, O_APPEND), 0);
  Aio write;
  write.write(file.fd, "3333");
  if (const auto* chain = write.chain()) assert_true(place_of(*chain) != Place::LONE);
  write.ends_with(0, 4);
  assert_int_equal(fcntl(file.fd, F_SETFL, 0), 0);
}

}  // namespace

UNIT_TESTS(ENGINE_TEST(a_lone_write_is_run_by_its_waiter), ENGINE_TEST(a_lone_write_that_nobody_waits_for_is_run),
           ENGINE_TEST(a_lone_write_is_cancelled),
           ENGINE_TEST(a_lone_write_goes_to_the_file_that_its_number_meant),
           ENGINE_TEST(a_sync_waits_for_a_lone_write),
           ENGINE_TEST(a_number_that_means_a_pipe_by_now_is_served_as_one),
           ENGINE_TEST(a_lone_read_is_run_by_its_waiter),
           ENGINE_TEST(who_waits_for_several_leaves_a_lone_read_alone), ENGINE_TEST(a_lone_read_is_cancelled),
           ENGINE_TEST(a_lone_read_reads_the_file_that_its_number_meant),
           ENGINE_TEST(a_second_read_lets_a_lone_one_go_on),
           ENGINE_TEST(appends_and_direct_writes_are_never_left))
