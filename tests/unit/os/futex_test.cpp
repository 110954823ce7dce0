// SPDX-License-Identifier: MIT
// futex: each way that a wait can end. No test waits for a moment to pass but those about deadlines.
#include "os/futex.h"

#include <atomic>

#include "unit.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::eventually;
using atomrt::unit::Thread;

std::atomic<int> handled{0};

void install(int flags) {
  handled.store(0);
  struct sigaction action {};
  action.sa_handler = [](int) { handled.fetch_add(1); };
  action.sa_flags = flags;
  sigaction(SIGUSR1, &action, nullptr);
}

void a_word_that_differs_does_not_sleep(void**) {
  const FutexWord word{1};
  errno = 1234;
  assert_int_equal(futex_wait(word, 0), EAGAIN);
  assert_int_equal(futex_wait_until(word, 0, now_ns() + 1'000'000'000'000), EAGAIN);
  assert_int_equal(errno, 1234);
}

void a_wake_wakes_as_many_as_asked(void**) {
  FutexWord word{0};
  std::atomic<int> threads[2] = {};
  std::atomic<int> woken{0};
  const auto sleep = [&](int i) {
    threads[i].store(gettid());
    if (futex_wait(word, 0) == 0) woken.fetch_add(1);
  };
  Thread first([&] { sleep(0); });
  Thread second([&] { sleep(1); });
  for (auto& thread : threads) assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  futex_wake(word, 1);
  assert_true(eventually([&] { return woken == 1; }));
  assert_true(eventually([&] { return is_asleep(threads[0]) + is_asleep(threads[1]) == 1; }));
  assert_int_equal(woken, 1);
  futex_wake(word, 1);
  assert_true(eventually([&] { return woken == 2; }));
}

void a_past_deadline_is_over_at_once(void**) {
  const FutexWord word{0};
  assert_int_equal(futex_wait_until(word, 0, now_ns()), ETIMEDOUT);
  assert_int_equal(futex_wait_until(word, 0, 0), ETIMEDOUT);
  assert_int_equal(futex_wait_until(word, 0, -5), ETIMEDOUT);
}

void a_deadline_ends_the_wait_and_not_earlier(void**) {
  const FutexWord word{0};
  const std::int64_t deadline = now_ns() + 5'000'000;
  assert_int_equal(futex_wait_until(word, 0, deadline), ETIMEDOUT);
  assert_true(now_ns() >= deadline);
}

void a_sleep_lasts_until_its_moment_whatever_handlers_run(void**) {
  SKIP_UNDER_TSAN();
  install(0);
  std::atomic<int> thread{0};
  std::int64_t woken_ns = 0;
  const std::int64_t deadline = now_ns() + 20'000'000;
  Thread sleeper([&] {
    thread.store(gettid());
    sleep_until(deadline);
    woken_ns = now_ns();
  });
  assert_true(eventually([&] { return thread != 0 && (is_asleep(thread) || now_ns() >= deadline); }));
  pthread_kill(sleeper.id(), SIGUSR1);
  sleeper.join();
  assert_true(woken_ns >= deadline);
}

void a_handler_without_sa_restart_is_eintr(void**) {
  SKIP_UNDER_TSAN();
  install(0);
  const FutexWord word{0};
  std::atomic<int> thread{0}, outcome{-1};
  Thread sleeper([&] {
    thread.store(gettid());
    outcome.store(futex_wait(word, 0));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  pthread_kill(sleeper.id(), SIGUSR1);
  sleeper.join();
  assert_int_equal(outcome, EINTR);
}

void a_handler_with_sa_restart_does_not_end_the_wait(void**) {
  SKIP_UNDER_TSAN();
  install(SA_RESTART);
  FutexWord word{0};
  std::atomic<int> thread{0}, outcome{-1};
  Thread sleeper([&] {
    thread.store(gettid());
    outcome.store(futex_wait(word, 0));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  pthread_kill(sleeper.id(), SIGUSR1);
  assert_true(eventually([&] { return handled == 1 && is_asleep(thread); }));
  word.store(1);
  futex_wake(word, 1);
  sleeper.join();
  assert_int_equal(outcome, 0);
}

void a_handler_ends_a_wait_with_a_deadline(void**) {
  SKIP_UNDER_TSAN();
  install(SA_RESTART);
  const FutexWord word{0};
  std::atomic<int> thread{0}, outcome{-1};
  Thread sleeper([&] {
    thread.store(gettid());
    outcome.store(futex_wait_until(word, 0, now_ns() + 1'000'000'000'000));
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  pthread_kill(sleeper.id(), SIGUSR1);
  sleeper.join();
  assert_int_equal(outcome, EINTR);
}

void a_pending_cancellation_does_not_act(void**) {
  const FutexWord word{0};
  std::atomic<bool> went_on{false};
  Thread thread([&] {
    pthread_cancel(pthread_self());
    futex_wait(word, 1);
    futex_wait_until(word, 0, now_ns() + 1'000'000);
    went_on.store(true);
  });
  thread.join();
  assert_true(went_on);
}

std::int64_t processor_time_ns() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * 1'000'000'000LL + used.tv_nsec;
}

void* set_flag(void* flag) {
  static_cast<std::atomic<bool>*>(flag)->store(true);
  return nullptr;
}

// The kernel itself lets others run when a real-time thread has had most of a second.
void patience_lets_a_thread_of_lower_priority_run(void**) {
  cpu_set_t before, one;
  assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
  const sched_param real_time{.sched_priority = 1}, usual{.sched_priority = 0};
  const bool may = sched_setscheduler(0, SCHED_FIFO, &real_time) == 0;
  const std::int64_t start = processor_time_ns();
  if (may) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);  // SCHED_OTHER
    pthread_t thread;
    std::atomic<bool> flag{false};
    assert_int_equal(pthread_create(&thread, &attributes, set_flag, &flag), 0);
    for (Patience patience; !flag;) patience.wait();
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
  }
  const std::int64_t used = processor_time_ns() - start;
  sched_setscheduler(0, SCHED_OTHER, &usual);
  sched_setaffinity(0, sizeof before, &before);
  if (!may) SKIP("no real-time priority may be had here");
  assert_true(used < 300'000'000);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_word_that_differs_does_not_sleep), cmocka_unit_test(a_wake_wakes_as_many_as_asked),
           cmocka_unit_test(a_past_deadline_is_over_at_once),
           cmocka_unit_test(a_deadline_ends_the_wait_and_not_earlier),
           cmocka_unit_test(a_sleep_lasts_until_its_moment_whatever_handlers_run),
           cmocka_unit_test(a_handler_without_sa_restart_is_eintr),
           cmocka_unit_test(a_handler_with_sa_restart_does_not_end_the_wait),
           cmocka_unit_test(a_handler_ends_a_wait_with_a_deadline),
           cmocka_unit_test(a_pending_cancellation_does_not_act),
           cmocka_unit_test(patience_lets_a_thread_of_lower_priority_run))
