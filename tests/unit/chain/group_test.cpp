// SPDX-License-Identifier: MIT
// Group: the countdown of one lio_listio call, and who gives it back.
#include "chain/group.h"

#include "unit.h"

namespace {

using namespace atomrt::chain;
using atomrt::unit::eventually;
using atomrt::unit::Thread;
using atomrt::unit::zeroed;

Group& opened(bool waits) {
  Group& group = zeroed<Group>();
  Notification notification{};
  notification.by = NotifyBy::SIGNAL;
  notification.signal = SIGUSR1;
  group.open(waits, notification);
  return group;
}

void the_call_itself_counts_as_long_as_it_submits(void**) {
  Group& group = opened(false);
  group.add();
  assert_false(group.count_down());  // the entry is over before the call is
  group.add();
  assert_false(group.count_down());
  assert_true(group.count_down());  // the call
}

void the_last_entry_is_the_last(void**) {
  Group& group = opened(false);
  for (int i = 0; i < 3; ++i) group.add();
  assert_false(group.count_down());  // the call
  assert_false(group.count_down());
  assert_false(group.count_down());
  assert_true(group.count_down());
}

void an_empty_list_ends_with_its_call(void**) { assert_true(opened(false).count_down()); }

void one_failure_is_remembered(void**) {
  Group& group = opened(true);
  for (int i = 0; i < 3; ++i) group.add();
  assert_false(group.has_failed());
  group.fail();
  for (int i = 0; i < 4; ++i) assert_int_equal(group.count_down(), i == 3);
  assert_true(group.has_failed());
}

void a_waiting_call_has_no_notification(void**) {
  assert_int_equal(opened(true).notification().by, NotifyBy::NOTHING);
  assert_int_equal(opened(false).notification().by, NotifyBy::SIGNAL);
  assert_int_equal(opened(false).notification().signal, SIGUSR1);
  assert_true(opened(true).waits());
  assert_false(opened(false).waits());
}

void a_waiting_call_holds_the_group_too(void**) {
  Group& waited_for = opened(true);
  assert_false(waited_for.drop());
  assert_true(waited_for.drop());
  assert_true(opened(false).drop());
}

void a_group_opened_again_forgets_its_last_use(void**) {
  Group& group = opened(true);
  group.add();
  group.fail();
  group.complete();
  group.open(false, Notification{});
  assert_false(group.has_failed());
  assert_false(group.is_done());
  assert_true(group.count_down());
  assert_true(group.drop());
}

void completion_wakes_the_caller(void**) {
  Group& group = opened(true);
  std::atomic<int> thread{0};
  Thread caller([&] {
    thread.store(gettid());
    while (!group.is_done()) atomrt::os::futex_wait(group.done(), atomrt::os::QUIET);
  });
  assert_true(eventually([&] { return thread != 0 && is_asleep(thread); }));
  assert_false(group.is_done());
  group.complete();
  caller.join();
  assert_true(group.is_done());
}

// A child that a handler has forked in the middle of the wait has that memory wiped.
void a_wiped_group_is_waited_for_by_nobody(void**) {
  Group& group = zeroed<Group>();
  assert_true(group.is_done());
  assert_int_not_equal(atomrt::os::futex_wait(group.done(), atomrt::os::QUIET), 0);
  assert_false(group.drop());  // it is in no pool
}

// The last one sees the failure of any other, however close it was.
void of_many_threads_one_is_the_last_and_sees_every_failure(void**) {
  Group& group = zeroed<Group>();
  atomrt::unit::Rounds rounds(2, 30'000);
  std::atomic<int> lasts{0}, blind{0};
  const auto work = [&](bool fails) {
    for (int round = 0; rounds.join(round); rounds.leave()) {
      if (fails) group.fail();
      if (!group.count_down()) continue;
      lasts.fetch_add(1);
      if (!group.has_failed()) blind.fetch_add(1);
    }
  };
  Thread first([&] { work(true); });
  Thread second([&] { work(false); });
  while (rounds.more()) {
    group.open(true, Notification{});
    group.add();  // two counts: the call's and this one
    rounds.start();
    rounds.finish();
  }
  first.join();
  second.join();
  assert_int_equal(lasts, rounds.started());
  assert_int_equal(blind, 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_call_itself_counts_as_long_as_it_submits),
           cmocka_unit_test(the_last_entry_is_the_last), cmocka_unit_test(an_empty_list_ends_with_its_call),
           cmocka_unit_test(one_failure_is_remembered), cmocka_unit_test(a_waiting_call_has_no_notification),
           cmocka_unit_test(a_waiting_call_holds_the_group_too),
           cmocka_unit_test(a_group_opened_again_forgets_its_last_use),
           cmocka_unit_test(completion_wakes_the_caller),
           cmocka_unit_test(a_wiped_group_is_waited_for_by_nobody),
           cmocka_unit_test(of_many_threads_one_is_the_last_and_sees_every_failure))
