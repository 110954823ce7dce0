// SPDX-License-Identifier: MIT
// cancellable_wait: a futex wait that pthread_cancel ends, whether it comes before or during the sleep.
#include "os/cancellable_wait.h"

#include <csetjmp>
#include <csignal>

#include <atomic>

#include "unit.h"

namespace {

using namespace atomrt::os;
using atomrt::unit::eventually;

struct Sleeper {
  Cancellation cancellation{};
  FutexWord word{0};
  std::int64_t deadline = NO_DEADLINE;
  bool cancel_itself_before = false;
  std::atomic<int> thread{0};
  std::atomic<int> cleaned_up{0};
  std::atomic<int> outcome{-1};
  std::atomic<int> type_after{-1};
};

void clean_up(void* argument) {
  Sleeper& sleeper = *static_cast<Sleeper*>(argument);
  sleeper.cancellation.forbid();
  sleeper.cleaned_up.fetch_add(1);
}

int cancel_type() {
  int type = -1;
  pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
  return type;
}

void* sleep(void* argument) {
  Sleeper& sleeper = *static_cast<Sleeper*>(argument);
  if (sleeper.cancel_itself_before) pthread_cancel(pthread_self());
  sleeper.thread.store(gettid());
  const Cleanup cleanup(clean_up, &sleeper);
  sleeper.outcome.store(cancellable_wait(sleeper.cancellation, sleeper.word, 0, sleeper.deadline));
  sleeper.type_after.store(cancel_type());
  return nullptr;
}

void* result_of(pthread_t thread) {
  void* result = nullptr;
  pthread_join(thread, &result);
  return result;
}

pthread_t start(Sleeper& sleeper) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, nullptr, sleep, &sleeper), 0);
  return thread;
}

void cancelled_in_its_sleep(std::int64_t deadline) {
  Sleeper sleeper;
  sleeper.deadline = deadline;
  const pthread_t thread = start(sleeper);
  assert_true(eventually([&] { return sleeper.thread != 0 && is_asleep(sleeper.thread); }));
  pthread_cancel(thread);
  assert_ptr_equal(result_of(thread), PTHREAD_CANCELED);
  assert_int_equal(sleeper.cleaned_up, 1);
  assert_int_equal(sleeper.outcome, -1);
}

void cancellation_ends_the_sleep(void**) { cancelled_in_its_sleep(NO_DEADLINE); }
void cancellation_ends_a_sleep_with_a_deadline(void**) { cancelled_in_its_sleep(now_ns() + 1'000'000'000'000); }

void a_pending_cancellation_acts(void**) {
  Sleeper sleeper;
  sleeper.cancel_itself_before = true;
  assert_ptr_equal(result_of(start(sleeper)), PTHREAD_CANCELED);
  assert_int_equal(sleeper.cleaned_up, 1);
}

void a_wake_ends_the_sleep_and_the_cancel_type_is_as_before(void**) {
  Sleeper sleeper;
  const pthread_t thread = start(sleeper);
  assert_true(eventually([&] { return sleeper.thread != 0 && is_asleep(sleeper.thread); }));
  sleeper.word.store(1);
  futex_wake(sleeper.word, 1);
  assert_null(result_of(thread));
  assert_int_equal(sleeper.outcome, 0);
  assert_int_equal(sleeper.type_after, PTHREAD_CANCEL_DEFERRED);
  assert_int_equal(sleeper.cleaned_up, 1);
}

// ---- longjmp ----

sigjmp_buf before_the_wait;
void jump(int) { siglongjmp(before_the_wait, 1); }

[[gnu::noinline]] void sleep_in_a_frame_of_its_own(Sleeper& sleeper) {
  const Cleanup cleanup(clean_up, &sleeper);
  sleeper.outcome.store(cancellable_wait(sleeper.cancellation, sleeper.word, 0, sleeper.deadline));
}

void* sleep_until_a_jump(void* argument) {
  Sleeper& sleeper = *static_cast<Sleeper*>(argument);
  sleeper.thread.store(gettid());
  if (sigsetjmp(before_the_wait, 1) == 0) sleep_in_a_frame_of_its_own(sleeper);
  sleeper.type_after.store(cancel_type());
  return nullptr;
}

void a_handlers_longjmp_cleans_up(void**) {
  SKIP_UNDER_TSAN();
  struct sigaction action {};
  action.sa_handler = jump;
  sigaction(SIGUSR1, &action, nullptr);
  Sleeper sleeper;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, nullptr, sleep_until_a_jump, &sleeper), 0);
  assert_true(eventually([&] { return sleeper.thread != 0 && is_asleep(sleeper.thread); }));
  pthread_kill(thread, SIGUSR1);
  assert_null(result_of(thread));
  assert_int_equal(sleeper.outcome, -1);
  assert_int_equal(sleeper.cleaned_up, 1);
  assert_int_equal(sleeper.type_after, PTHREAD_CANCEL_DEFERRED);
}

void the_deadline_ends_the_sleep(void**) {
  Sleeper sleeper;
  sleeper.deadline = now_ns() + 1'000'000;
  assert_null(result_of(start(sleeper)));
  assert_int_equal(sleeper.outcome, ETIMEDOUT);
}

void a_word_that_differs_does_not_sleep(void**) {
  Sleeper sleeper;
  sleeper.word.store(1);
  assert_null(result_of(start(sleeper)));
  assert_int_equal(sleeper.outcome, EAGAIN);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(cancellation_ends_the_sleep), cmocka_unit_test(cancellation_ends_a_sleep_with_a_deadline),
           cmocka_unit_test(a_pending_cancellation_acts),
           cmocka_unit_test(a_wake_ends_the_sleep_and_the_cancel_type_is_as_before),
           cmocka_unit_test(a_handlers_longjmp_cleans_up), cmocka_unit_test(the_deadline_ends_the_sleep), cmocka_unit_test(a_word_that_differs_does_not_sleep))
