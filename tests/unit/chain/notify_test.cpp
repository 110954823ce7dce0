// SPDX-License-Identifier: MIT
// notify: each kind of notification goes out once, or is told to have found no room. What sends is wrapped.
#include "chain/notify.h"

#include "os/signals.h"
#include "unit.h"

namespace {

struct Sent {
  int calls, signal, thread;
  sigval value;
  const pthread_attr_t* attributes[4];
};
Sent sent;
int results[4];

int record(int signal, int thread, sigval value) {
  sent.signal = signal;
  sent.thread = thread;
  sent.value = value;
  return results[sent.calls++];
}

}  // namespace

extern "C" int wrapped_signal(int, sigval) __asm__("__wrap__ZN6atomrt2os12queue_signalEi6sigval");
extern "C" int wrapped_signal(int number, sigval value) { return record(number, 0, value); }

extern "C" int wrapped_to_thread(int, int, sigval) __asm__("__wrap__ZN6atomrt2os22queue_signal_to_threadEii6sigval");
extern "C" int wrapped_to_thread(int thread, int number, sigval value) { return record(number, thread, value); }

using Body = void* (*)(void*);
#define START "_ZN6atomrt2os24start_application_threadEPK14pthread_attr_tPFPvS4_ES4_"
extern "C" int real_start(const pthread_attr_t*, Body, void*) __asm__("__real_" START);
extern "C" int wrapped_start(const pthread_attr_t*, Body, void*) __asm__("__wrap_" START);
extern "C" int wrapped_start(const pthread_attr_t* attributes, Body body, void* argument) {
  sent.attributes[sent.calls] = attributes;
  const int error = results[sent.calls++];
  const atomrt::os::SignalBlock blocked;
  return error != 0 ? error : real_start(nullptr, body, argument);
}

namespace {

using namespace atomrt::chain;
using atomrt::unit::eventually;
using atomrt::unit::zeroed;

int start_over(void**) {
  sent = {};
  memset(results, 0, sizeof results);
  return 0;
}

Notification notification_by(NotifyBy by) {
  Notification notification{};
  notification.by = by;
  notification.signal = SIGRTMIN + 1;
  notification.thread = 4711;
  notification.value.sival_int = 99;
  return notification;
}

void nothing_is_always_sent(void**) {
  assert_true(notify(zeroed<NoticePool>(), notification_by(NotifyBy::NOTHING)));
  assert_int_equal(sent.calls, 0);
}

void a_signal_is_queued_once(void**) {
  assert_true(notify(zeroed<NoticePool>(), notification_by(NotifyBy::SIGNAL)));
  assert_int_equal(sent.calls, 1);
  assert_int_equal(sent.signal, SIGRTMIN + 1);
  assert_int_equal(sent.thread, 0);
  assert_int_equal(sent.value.sival_int, 99);
}

void a_signal_for_a_thread_is_queued_to_it(void**) {
  assert_true(notify(zeroed<NoticePool>(), notification_by(NotifyBy::SIGNAL_TO_THREAD)));
  assert_int_equal(sent.calls, 1);
  assert_int_equal(sent.thread, 4711);
  assert_int_equal(sent.signal, SIGRTMIN + 1);
}

void no_room_for_a_signal_is_told(void**) {
  results[0] = results[1] = EAGAIN;
  assert_false(notify(zeroed<NoticePool>(), notification_by(NotifyBy::SIGNAL)));
  assert_false(notify(zeroed<NoticePool>(), notification_by(NotifyBy::SIGNAL_TO_THREAD)));
  assert_int_equal(sent.calls, 2);
}

void what_can_never_go_out_is_not_tried_again(void**) {
  results[0] = EINVAL;
  results[1] = ESRCH;
  assert_true(notify(zeroed<NoticePool>(), notification_by(NotifyBy::SIGNAL)));
  assert_true(notify(zeroed<NoticePool>(), notification_by(NotifyBy::SIGNAL_TO_THREAD)));
}

std::atomic<int> function_value{0};
std::atomic<unsigned long> function_mask{~0UL};
void function(sigval value) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  unsigned long bits = 0;
  for (int number = 1; number < 64; ++number) bits |= sigismember(&mask, number) == 1 ? 1UL << number : 0;
  function_mask.store(bits);
  function_value.store(value.sival_int);
}

Notification thread_notification() {
  Notification notification = notification_by(NotifyBy::THREAD);
  notification.function = function;
  function_value.store(0);
  return notification;
}

void a_function_runs_on_a_thread_with_no_signal_blocked(void**) {
  auto& pool = zeroed<NoticePool>();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool went_out = notify(pool, thread_notification());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  assert_true(went_out);
  assert_true(eventually([] { return function_value == 99; }));
  assert_int_equal(function_mask, 0);
  assert_int_equal(sent.calls, 1);
}

void attributes_are_handed_on(void**) {
  pthread_attr_t attributes;
  Notification notification = thread_notification();
  notification.attributes = &attributes;
  assert_true(notify(zeroed<NoticePool>(), notification));
  assert_ptr_equal(sent.attributes[0], &attributes);
  assert_true(eventually([] { return function_value == 99; }));
}

void impossible_attributes_do_not_swallow_the_notification(void**) {
  for (const int error : {EINVAL, EPERM}) {
    start_over(nullptr);
    pthread_attr_t attributes;
    Notification notification = thread_notification();
    notification.attributes = &attributes;
    results[0] = error;
    assert_true(notify(zeroed<NoticePool>(), notification));
    assert_int_equal(sent.calls, 2);
    assert_null(sent.attributes[1]);
    assert_true(eventually([] { return function_value == 99; }));
  }
}

void no_thread_is_told_and_keeps_nothing(void**) {
  auto& pool = zeroed<NoticePool>();
  results[0] = EAGAIN;
  assert_false(notify(pool, thread_notification()));
  assert_int_equal(sent.calls, 1);
  // All slots are there: what was taken for the attempt has come back.
  for (int i = 0; i < 64; ++i) assert_non_null(pool.take());
  assert_int_equal(pool.made(), 64);
}

void a_thread_refused_for_good_is_not_tried_again(void**) {
  auto& pool = zeroed<NoticePool>();
  for (const int error : {EPERM, EACCES, ENOSYS, EINVAL}) {
    start_over(nullptr);
    results[0] = results[1] = error;
    assert_true(notify(pool, thread_notification()));
    assert_int_equal(sent.calls, 2);
  }
  for (int i = 0; i < 64; ++i) assert_non_null(pool.take());
  assert_int_equal(pool.made(), 64);
}

// A function may end by pthread_exit or be cancelled: what it was started with is given back before it runs.
void a_function_that_never_returns_keeps_nothing(void**) {
  auto& pool = zeroed<NoticePool>();
  for (int i = 0; i < 100; ++i) {
    start_over(nullptr);
    Notification notification = thread_notification();
    notification.function = [](sigval value) {
      function_value.store(value.sival_int);
      pthread_exit(nullptr);
    };
    assert_true(notify(pool, notification));
    assert_true(eventually([] { return function_value == 99; }));
  }
  assert_int_equal(pool.made(), 64);
}

}  // namespace

#define TEST(name) cmocka_unit_test_setup(name, start_over)
UNIT_TESTS(TEST(nothing_is_always_sent), TEST(a_signal_is_queued_once), TEST(a_signal_for_a_thread_is_queued_to_it),
           TEST(no_room_for_a_signal_is_told), TEST(what_can_never_go_out_is_not_tried_again),
           TEST(a_function_runs_on_a_thread_with_no_signal_blocked), TEST(attributes_are_handed_on),
           TEST(impossible_attributes_do_not_swallow_the_notification), TEST(no_thread_is_told_and_keeps_nothing),
           TEST(a_thread_refused_for_good_is_not_tried_again),
           TEST(a_function_that_never_returns_keeps_nothing))
