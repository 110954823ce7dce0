// SPDX-License-Identifier: MIT
// suspend: when aio_suspend ends, and with what; and that nothing is left behind however it ends.
#include "engine/suspend.h"

#include "engine/predecessor.h"
#include "engine/requests.h"
#include "os/thread.h"

namespace {

using namespace atomrt::unit;
using atomrt::engine::suspend;

constexpr timespec AT_ONCE = {0, 0};
constexpr timespec SHORT = {0, 2'000'000};
constexpr timespec LONG = {1000, 0};

int suspend_one(const Aio& aio, const timespec* timeout = nullptr) {
  const struct aiocb* list[] = {&aio.block};
  return suspend(list, 1, timeout);
}

// A waiter slot that is not given back makes the pool grow in the end.
int waiters_in_use() {
  static atomrt::chain::WaiterHold holds[64];
  int in_use = 0;
  for (auto& hold : holds) {
    const atomrt::chain::Waiter* const waiter = the_engine().registry.waiters.enter(hold, 0);
    in_use += waiter->number > 64;
  }
  for (auto& hold : holds) atomrt::chain::WaiterTable::leave(hold);
  return in_use;
}

void a_read_that_never_comes(Pipe& pipe, Aio& aio) {
  aio.read(pipe.out);
  assert_true(eventually([&] { return waits_for_peer(aio.place()); }));
}

void bad_arguments_are_einval(void**) {
  const struct aiocb* list[] = {nullptr};
  assert_int_equal(suspend(list, -1, nullptr), EINVAL);
  for (const timespec time : {timespec{0, 1'000'000'000}, timespec{0, -1}, timespec{-1, 0}}) {
    assert_int_equal(suspend(list, 1, &time), EINVAL);
  }
}

void a_wide_timeout_is_held_to_the_same_rules(void**) {
  using atomrt::engine::suspend_wide;
  using atomrt::os::WideTimespec;
  const struct aiocb* list[] = {nullptr};
  for (const WideTimespec time : {WideTimespec{0, 1'000'000'000, 0}, WideTimespec{0, -1, 0}, WideTimespec{-1, 0, 0}}) {
    assert_int_equal(suspend_wide(list, 1, &time), EINVAL);
  }
  const WideTimespec beyond_32_bits{std::int64_t{1} << 40, 999'999'999, -1};
  assert_int_equal(suspend_wide(list, 1, &beyond_32_bits), 0);
}

void a_wide_timeout_ends(void**) {
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  const struct aiocb* list[] = {&aio.block};
  const atomrt::os::WideTimespec time{0, 1'000'000, 0};
  assert_int_equal(atomrt::engine::suspend_wide(list, 1, &time), EAGAIN);
}

void nothing_to_wait_for_is_no_wait(void**) {
  const struct aiocb* list[] = {nullptr, nullptr};
  assert_int_equal(suspend(list, 2, nullptr), 0);
  assert_int_equal(suspend(list, 0, nullptr), 0);
}

// Memory that was in flight in a parent, or never at all.
void before_the_first_request_there_is_nothing_to_wait_for(void**) {
  assert_null(atomrt::engine::running_engine());
  struct aiocb block {};
  atomrt::aiocb::store_in_progress(&block);
  const struct aiocb* list[] = {&block};
  assert_int_equal(suspend(list, 1, nullptr), 0);
}

int all_done(int, struct aiocb*) { return AIO_ALLDONE; }

// Nobody here is woken by its ends, and no chain is of its aiocbs: they are looked at now and then. With an engine and
// before there is one.
void requests_of_the_predecessor_are_looked_at(void**) {
  atomrt::engine::set_predecessor(all_done);
  struct aiocb block {};
  const struct aiocb* list[] = {&block};
  atomrt::aiocb::store_in_progress(&block);
  assert_int_equal(suspend(list, 1, &SHORT), EAGAIN);
  std::atomic<int> thread{0}, outcome{-1};
  {
    Thread sleeper([&] {
      thread.store(gettid());
      outcome.store(suspend(list, 1, nullptr));
    });
    assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
    atomrt::aiocb::store_result(&block, 4);
  }
  assert_int_equal(outcome, 0);
  atomrt::engine::set_predecessor(nullptr);
  atomrt::aiocb::store_in_progress(&block);
  assert_int_equal(suspend(list, 1, nullptr), 0);
}

void a_handler_ends_a_wait_for_the_predecessor(void**) {
  SKIP_UNDER_TSAN();
  atomrt::engine::set_predecessor(all_done);
  static struct aiocb block;
  struct sigaction action {};
  for (const bool ends : {false, true}) {
    action.sa_handler = ends ? [](int) { atomrt::aiocb::store_result(&block, 4); } : [](int) {};
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, nullptr);
    atomrt::aiocb::store_in_progress(&block);
    std::atomic<int> outcome{-1};
    Thread sleeper([&] {
      const struct aiocb* list[] = {&block};
      outcome.store(suspend(list, 1, nullptr));
    });
    // A signal that comes between two sleeps interrupts none.
    assert_true(eventually([&] {
      if (outcome == -1) pthread_kill(sleeper.id(), SIGUSR1);
      return outcome != -1;
    }));
    sleeper.join();
    assert_int_equal(outcome, ends ? 0 : EINTR);
  }
  atomrt::engine::set_predecessor(nullptr);
}

void one_that_is_over_is_enough(void**) {
  Pipe pipe;
  Aio waiting, over;
  a_read_that_never_comes(pipe, waiting);
  over.write(pipe.in, "x").ends_with(0, 1);
  waiting.ends_with(0, 1);
  Aio again;
  a_read_that_never_comes(pipe, again);
  const struct aiocb* list[] = {&again.block, nullptr, &over.block};
  assert_int_equal(suspend(list, 3, nullptr), 0);
  assert_int_equal(write(pipe.in, "y", 1), 1);
}

void no_time_is_one_look(void**) {
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  assert_int_equal(suspend_one(aio, &AT_ONCE), EAGAIN);
  assert_int_equal(write(pipe.in, "x", 1), 1);
  aio.ends_with(0, 1);
  assert_int_equal(suspend_one(aio, &AT_ONCE), 0);
}

void the_time_is_kept(void**) {
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  const std::int64_t before = atomrt::os::now_ns();
  assert_int_equal(suspend_one(aio, &SHORT), EAGAIN);
  assert_true(atomrt::os::now_ns() - before >= SHORT.tv_nsec);
  assert_int_equal(waiters_in_use(), 0);
  assert_int_equal(write(pipe.in, "x", 1), 1);
}

void a_completion_ends_the_sleep(void**) {
  for (const timespec* timeout : {static_cast<const timespec*>(nullptr), &LONG}) {
    Pipe pipes[2];
    Aio aios[2];
    for (int i = 0; i < 2; ++i) a_read_that_never_comes(pipes[i], aios[i]);
    const struct aiocb* list[] = {&aios[0].block, nullptr, &aios[1].block};
    std::atomic<int> thread{0}, outcome{-1};
    Thread sleeper([&] {
      thread.store(gettid());
      outcome.store(suspend(list, 3, timeout));
    });
    assert_true(eventually([&] { return outcome != -1 || (thread != 0 && is_asleep(thread)); }));
    assert_int_equal(outcome, -1);
    assert_int_equal(write(pipes[1].in, "x", 1), 1);
    sleeper.join();
    assert_int_equal(outcome, 0);
    assert_int_equal(aios[1].error(), 0);
    assert_int_equal(aios[0].error(), EINPROGRESS);
    assert_int_equal(waiters_in_use(), 0);
    assert_int_equal(write(pipes[0].in, "x", 1), 1);
  }
}

void two_that_wait_for_the_same_are_both_woken(void**) {
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  std::atomic<int> threads[2] = {};
  std::atomic<int> woken{0};
  const auto sleep = [&](int i) {
    threads[i].store(gettid());
    if (suspend_one(aio) == 0) woken.fetch_add(1);
  };
  {
    Thread first([&] { sleep(0); });
    Thread second([&] { sleep(1); });
    for (auto& thread : threads) assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
    assert_int_equal(write(pipe.in, "x", 1), 1);
  }
  assert_int_equal(woken, 2);
}

void a_handler_ends_the_sleep(const timespec* timeout, int flags, int expected) {
  SKIP_UNDER_TSAN();
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  std::atomic<int> thread{0}, outcome{-1};
  Thread sleeper([&] {
    thread.store(gettid());
    outcome.store(suspend_one(aio, timeout));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  pthread_kill(sleeper.id(), SIGUSR1);
  if (expected == 0) {
    for (int i = 0; i < 20; ++i) pause_briefly();
    assert_int_equal(outcome, -1);
    assert_int_equal(write(pipe.in, "x", 1), 1);
  }
  sleeper.join();
  assert_int_equal(outcome, expected);
  assert_int_equal(waiters_in_use(), 0);
  if (expected != 0) assert_int_equal(write(pipe.in, "x", 1), 1);
}
void a_handler_without_sa_restart_is_eintr(void**) { a_handler_ends_the_sleep(nullptr, 0, EINTR); }
void a_handler_with_sa_restart_does_not_end_the_sleep(void**) { a_handler_ends_the_sleep(nullptr, SA_RESTART, 0); }
void any_handler_ends_a_sleep_with_a_timeout(void**) { a_handler_ends_the_sleep(&LONG, SA_RESTART, EINTR); }

void* sleep_for_ever(void* aio) {
  suspend_one(*static_cast<Aio*>(aio));
  return nullptr;
}

// And what it waited for does not come to harm.
void cancellation_ends_the_sleep_and_leaves_nothing_behind(void**) {
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  for (int i = 0; i < 3; ++i) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, nullptr, sleep_for_ever, &aio), 0);
    if (i > 0) for (int j = 0; j < 20; ++j) pause_briefly();  // in its sleep, and once on its way there
    pthread_cancel(thread);
    void* result = nullptr;
    pthread_join(thread, &result);
    assert_ptr_equal(result, PTHREAD_CANCELED);
    assert_int_equal(waiters_in_use(), 0);
  }
  assert_int_equal(write(pipe.in, "data", 4), 4);
  aio.ends_with(0, 4);
}

void a_pending_cancellation_acts_even_where_nothing_is_to_wait_for(void**) {
  std::atomic<bool> went_on{false};
  Thread thread([&] {
    pthread_cancel(pthread_self());
    const struct aiocb* list[] = {nullptr};
    went_on.store(suspend(list, 1, nullptr) == 0);
  });
  thread.join();
  assert_false(went_on);
}

void a_name_that_is_stale_is_over(void**) {
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  struct aiocb stale {};  // of the same name, and nobody will complete it
  atomrt::aiocb::store_name(&stale, atomrt::aiocb::load_name(&aio.block));
  atomrt::aiocb::store_in_progress(&stale);
  assert_int_equal(write(pipe.in, "x", 1), 1);
  aio.ends_with(0, 1);
  assert_true(eventually([] { return is_idle(); }));
  const struct aiocb* list[] = {&stale};
  assert_int_equal(suspend(list, 1, &LONG), 0);
}

void a_child_does_not_wait_for_its_parents_requests(void**) {
  SKIP_UNDER_TSAN();
  Pipe pipe;
  Aio aio;
  a_read_that_never_comes(pipe, aio);
  const int status = in_child([&] { return suspend_one(aio, &LONG); });
  assert_int_equal(status, 0);
  assert_int_equal(write(pipe.in, "x", 1), 1);
}

// ---- looking before sleeping ----

// Those left of what success has earned; none afterwards but a try now and then.
unsigned looks_left() {
  unsigned looks = 0;
  for (auto& lookout = the_engine().lookout; looks < 100 && lookout.is_worthwhile(); ++looks) lookout.look_ended(false);
  return looks;
}
void earn_looks() {
  looks_left();
  while (looks_left() == 0) {  // up to the try that is due, so that none comes soon
  }
  for (unsigned i = 0; i < 4; ++i) the_engine().lookout.look_ended(true);
}

void what_a_library_thread_is_at_is_looked_for(void**) {
  if (atomrt::os::processors() == 1) return;
  MemoryFile file;
  Pipe pipe;
  Aio running, held, blocked;
  a_read_that_never_comes(pipe, blocked);
  close_gate();
  running.write(file.fd, "1234");
  held.write(file.fd, "1234");
  assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  assert_int_equal(held.place(), atomrt::chain::Place::HELD);
  // Its worker may have put it back into the queue for the write, if no other worker had come by then.
  assert_true(eventually([&] { return waits_for_peer(blocked.place()); }));
  earn_looks();
  for (int i = 0; i < 3; ++i) assert_int_equal(suspend_one(blocked, &SHORT), EAGAIN);
  assert_int_equal(looks_left(), 8);
  earn_looks();
  for (int i = 0; i < 3; ++i) assert_int_equal(suspend_one(running, &SHORT), EAGAIN);
  assert_int_equal(suspend_one(held, &SHORT), EAGAIN);
  assert_int_equal(looks_left(), 8 - 3 - 1);
  assert_int_equal(waiters_in_use(), 0);
}

// The other entry is somebody else's: he ends it as soon as this thread is about to wait.
void what_is_over_within_the_look_needs_no_sleep(void**) {
  if (atomrt::os::processors() == 1) return;
  MemoryFile file;
  Aio running;
  close_gate();
  running.sync(file.fd);
  assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  struct aiocb other {};
  const struct aiocb* list[] = {&running.block, &other};
  std::atomic<int> round{0};
  std::atomic<bool> is_over{false};
  Thread ender([&] {
    for (int seen = 0; !is_over.load();) {
      if (round.load() == seen) continue;
      seen = round.load();
      atomrt::aiocb::store_result(&other, 0);
    }
  });
  const bool found = eventually([&] {
    atomrt::aiocb::store_in_progress(&other);
    earn_looks();
    round.fetch_add(1);
    assert_int_equal(suspend(list, 2, nullptr), 0);
    return looks_left() == 10;  // a vain one leaves 7, and 8 say that it was over before
  });
  is_over.store(true);
  ender.join();
  assert_true(found);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(bad_arguments_are_einval), cmocka_unit_test(nothing_to_wait_for_is_no_wait),
           cmocka_unit_test(before_the_first_request_there_is_nothing_to_wait_for),
           cmocka_unit_test(requests_of_the_predecessor_are_looked_at),
           cmocka_unit_test(a_handler_ends_a_wait_for_the_predecessor), ENGINE_TEST(one_that_is_over_is_enough), ENGINE_TEST(no_time_is_one_look), ENGINE_TEST(the_time_is_kept),
           ENGINE_TEST(a_completion_ends_the_sleep), ENGINE_TEST(two_that_wait_for_the_same_are_both_woken),
           ENGINE_TEST(a_handler_without_sa_restart_is_eintr),
           ENGINE_TEST(a_handler_with_sa_restart_does_not_end_the_sleep),
           ENGINE_TEST(any_handler_ends_a_sleep_with_a_timeout),
           ENGINE_TEST(cancellation_ends_the_sleep_and_leaves_nothing_behind),
           ENGINE_TEST(a_pending_cancellation_acts_even_where_nothing_is_to_wait_for),
           ENGINE_TEST(a_name_that_is_stale_is_over), ENGINE_TEST(a_child_does_not_wait_for_its_parents_requests),
           ENGINE_TEST(a_wide_timeout_is_held_to_the_same_rules), ENGINE_TEST(a_wide_timeout_ends),
           ENGINE_TEST(what_a_library_thread_is_at_is_looked_for),
           ENGINE_TEST(what_is_over_within_the_look_needs_no_sleep),
           ENGINE_TEST(requests_of_the_predecessor_are_looked_at), ENGINE_TEST(a_handler_ends_a_wait_for_the_predecessor))
