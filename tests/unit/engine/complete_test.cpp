// SPDX-License-Identifier: MIT
// complete: what becomes of a chain that is over, of its notification, and of those that it held back. pthread_create
// and queue_signal are wrapped.
#include "engine/complete.h"

#include "engine/counted_signals.h"
#include "engine/requests.h"
#include "engine/suspend.h"
#include "exec/without_threads.h"

namespace {

using namespace atomrt::unit;
using namespace atomrt::engine;
using atomrt::chain::Place;

std::atomic<int> polls{0};

}  // namespace

extern "C" bool real_wait(int, bool, std::int64_t) __asm__("__real__ZN6atomrt2os16wait_until_readyEibl");
extern "C" bool counted_wait(int, bool, std::int64_t) __asm__("__wrap__ZN6atomrt2os16wait_until_readyEibl");
extern "C" bool counted_wait(int fd, bool for_writing, std::int64_t timeout_ns) {
  polls.fetch_add(1);
  return real_wait(fd, for_writing, timeout_ns);
}

namespace {

std::atomic<int> calls{0};  // of functions

int begin(void** state) {
  calls.store(0);
  thread_fault.start_over();
  start_signals_over();
  return prepare(state);
}

void streams_in_flight_are_counted(void**) {
  Pipe pipe;
  Aio aios[3];
  for (Aio& aio : aios) aio.read(pipe.out, 1);
  assert_int_equal(the_engine().streams, 3);
  assert_int_equal(write(pipe.in, "123", 3), 3);
  assert_true(eventually([] { return the_engine().streams == 0; }));
}

void a_tail_that_finds_no_room_is_kept_until_it_goes_through(void**) {
  MemoryFile file;
  signals_without_room.store(5);
  Aio aio;
  aio.with_signal(SIGUSR1).write(file.fd, "1234").ends_with(0, 4);
  assert_true(eventually([] { return signals_sent == 1; }));
  assert_true(eventually([] { return is_idle(); }));
}

// The spawner is in the middle of making a function's thread, which is refused in the end: then nobody waits any more.
Gate making;
void only_a_wait_for_a_function_waits_for_the_spawner(void**) {
  set_threads(1, 1000);  // so no other worker is there while this one made the thread
  MemoryFile file;
  Aio told, quiet;
  const atomrt::os::SignalBlock blocked;
  const atomrt::exec::Spawner::Use spawner_stays(the_engine().spawner);
  quiet.sync(file.fd).ends_with(0, 0);  // a worker is there
  making.close();
  thread_fault.when_refused.store([] { making.pass(); });
  thread_fault.refused.store(1);
  told.block.aio_sigevent.sigev_notify = SIGEV_THREAD;
  told.block.aio_sigevent.sigev_notify_function = [](sigval) { calls.fetch_add(1); };
  told.sync(file.fd).ends_with(0, 0);
  const std::uint32_t generation = generation_of(*told.chain());
  assert_true(eventually([] { return making.arrived() == 1; }));
  quiet.sync(file.fd);
  const struct aiocb* const quiet_one[] = {&quiet.block};
  assert_int_equal(suspend(quiet_one, 1, nullptr), 0);
  assert_int_equal(quiet.error(), 0);
  assert_true(atomrt::chain::WaiterTable::is_telling(*told.chain(), generation));
  making.open();
  assert_true(eventually([&] { return !atomrt::chain::WaiterTable::is_telling(*told.chain(), generation); }));
  assert_true(eventually([] { return calls == 1 && is_idle(); }));
}

void call_function(Aio& aio) {
  aio.block.aio_sigevent.sigev_notify = SIGEV_THREAD;
  aio.block.aio_sigevent.sigev_notify_function = [](sigval) { calls.fetch_add(1); };
}

bool has_library_threads() { return threads_named("atomrt-spawner") != 0 || library_threads(the_engine()) != 0; }

// Its request ends in its submitter, on any kernel.
constexpr int NO_DESCRIPTOR = -1;

// Nothing else happens in this process meanwhile.
void a_function_whose_thread_is_refused_runs_when_one_can_be_had(void**) {
  assert_true(eventually([] { return !has_library_threads(); }));
  thread_fault.spared.store(1);  // the spawner
  thread_fault.refused.store(3);
  Aio told;
  call_function(told);
  told.read(NO_DESCRIPTOR).ends_with(EBADF, -1);
  assert_true(eventually([] { return calls == 1 && is_idle(); }));
  assert_int_equal(thread_fault.asked, 5);
}

void a_request_with_a_function_is_refused_where_no_thread_can_be_had(void**) {
  assert_true(eventually([] { return !has_library_threads(); }));
  thread_fault.refused.store(ALL);
  Aio told;
  call_function(told);
  told.read(NO_DESCRIPTOR);
  assert_int_equal(told.submitted, EAGAIN);
  assert_int_equal(told.error(), EAGAIN);
  assert_int_equal(thread_fault.asked, 1);
  thread_fault.refused.store(0);
  told.read(NO_DESCRIPTOR).ends_with(EBADF, -1);
  assert_true(eventually([] { return calls == 1 && is_idle(); }));
}

// It found no room when no thread was there that could try again.
void a_new_spawner_sends_what_was_left(void**) {
  assert_true(eventually([] { return !has_library_threads(); }));
  thread_fault.refused.store(ALL);
  signals_without_room.store(1);
  Aio told;
  told.with_signal(SIGUSR1).read(NO_DESCRIPTOR).ends_with(EBADF, -1);
  assert_int_equal(signals_sent, 0);
  thread_fault.refused.store(0);
  const KeptSpawner made(the_engine(), true);
  assert_false(made.is_missing());
  assert_true(eventually([] { return signals_sent == 1 && is_idle(); }));
}

// No hand-over, where another worker comes back to the queue meanwhile.
void a_worker_makes_a_functions_thread_itself(void**) {
  set_threads(4, 1000);
  MemoryFile file;
  const atomrt::os::SignalBlock blocked;
  const atomrt::exec::Spawner::Use spawner_stays(the_engine().spawner);
  static std::atomic<bool> is_workers;  // a thread has its maker's name
  is_workers.store(false);
  Aio told;
  told.block.aio_sigevent.sigev_notify = SIGEV_THREAD;
  told.block.aio_sigevent.sigev_notify_function = [](sigval) {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    is_workers.store(strcmp(name, "atomrt-worker") == 0);
    calls.fetch_add(1);
  };
  told.sync(file.fd).ends_with(0, 0);  // has the other worker made
  assert_true(eventually([] { return calls == 1 && is_idle(); }));
  told.sync(file.fd).ends_with(0, 0);
  assert_true(eventually([] { return calls == 2 && is_idle(); }));
  assert_true(is_workers.load());
}

// However long its notification takes.
void a_cancelled_stream_is_polled_for_no_longer(void**) {
  Pipe pipe;
  signals_without_room.store(INT_MAX);
  Aio read;
  read.with_signal(SIGUSR1).read(pipe.out);
  assert_true(eventually([&] { return waits_for_peer(read.place()); }));
  assert_int_equal(cancel_one(pipe.out, &read.block), AIO_CANCELED);
  assert_int_equal(write(pipe.in, "data", 4), 4);
  assert_true(eventually([] {
    const int before = polls;
    for (int moment = 0; moment < 100; ++moment) pause_briefly();
    return polls == before;
  }));
  signals_without_room.store(0);
  assert_true(eventually([] { return signals_sent == 1 && is_idle(); }));
}

// A chain let go by another's end, and no thread for it: its submitter has long gone, so the aiocb must tell.
void a_released_chain_that_nobody_can_run_fails_with_eagain(void**) {
  MemoryFile file;
  Aio first, second, third;
  set_threads(1, 1000);
  close_gate();
  Aio busy;
  busy.read(file.fd);
  assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  first.write(file.fd, "1111");
  second.write(file.fd, "2222");
  third.write(file.fd, "3333");
  // The worker leaves while `first` is in the test's hands: as far as it can tell, nothing is in flight.
  assert_true(the_engine().workers.take(*first.chain()));
  for (Aio* aio : {&first, &second, &third}) {
    aio->chain()->is_counted = false;
    the_engine().spawner.leave();
  }
  set_threads(1, 0);
  open_gate();
  assert_true(eventually([] { return threads_named("atomrt-worker") == 0; }));
  thread_fault.refused.store(ALL);
  complete_and_offer(the_engine(), *first.chain(), 4, atomrt::exec::ContextId::WAITER);
  first.ends_with(0, 4);
  second.ends_with(EAGAIN, -1);
  third.ends_with(EAGAIN, -1);
  assert_true(is_idle());
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, settle)
// The first three want no library thread beside the spawner.
UNIT_TESTS(TEST(a_function_whose_thread_is_refused_runs_when_one_can_be_had),
           TEST(a_request_with_a_function_is_refused_where_no_thread_can_be_had),
           TEST(a_new_spawner_sends_what_was_left), TEST(streams_in_flight_are_counted),
           TEST(a_tail_that_finds_no_room_is_kept_until_it_goes_through),
           TEST(only_a_wait_for_a_function_waits_for_the_spawner), TEST(a_worker_makes_a_functions_thread_itself),
           TEST(a_cancelled_stream_is_polled_for_no_longer),
           TEST(a_released_chain_that_nobody_can_run_fails_with_eagain))
