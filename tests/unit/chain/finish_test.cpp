// SPDX-License-Identifier: MIT
// finish: the order of its steps, what is tried again, and that nothing looks at the aiocb after publish.
#include "chain/finish_steps.h"

namespace {

void the_steps_come_in_order(void**) {
  Fixture f;
  Chain& chain = f.submit(f.request(Kind::WRITE, SIGUSR1));
  watched = f.block;
  const Finished finished = finish(f.registry, chain, 42);
  assert_string_equal(steps, "PLOSWR");
  assert_int_equal(error_at_wake, 0);      // published before anybody is woken,
  assert_int_equal(error_when_leaving, 0);  // and before aio_cancel can't find it any more
  assert_int_equal(atomrt::aiocb::load_return_value(f.block), 42);
  assert_true(finished.is_over);
  assert_int_equal(finished.hold, 0);
  assert_null(finished.released.chains[0]);
  assert_int_equal(place_of(chain), Place::FREE);
}

void nothing_looks_at_the_aiocb_after_publish(void**) {
  Fixture f;
  Group& group = f.group(false, SIGUSR2);
  group.add();
  assert_false(group.count_down());  // the call has submitted all
  Chain& chain = f.submit(f.request(Kind::WRITE, SIGUSR1, &group));
  takes_aiocb_away = true;
  assert_true(finish(f.registry, chain, -EIO).is_over);
  assert_string_equal(steps, "PLOSSWR");
}

void a_failure_is_published_and_notified_all_the_same(void**) {
  Fixture f;
  Chain& chain = f.submit(f.request(Kind::READ, SIGUSR1));
  assert_true(finish(f.registry, chain, -ECANCELED).is_over);
  assert_int_equal(atomrt::aiocb::load_error(f.block), ECANCELED);
  assert_int_equal(atomrt::aiocb::load_return_value(f.block), -1);
  assert_int_equal(signals[0], SIGUSR1);
}

void who_is_held_back_is_released(void**) {
  Fixture f;
  Chain& first = f.submit(f.request(Kind::WRITE));
  Chain& second = f.submit(f.request(Kind::WRITE));
  Chain& sync = f.submit(f.request(Kind::SYNC));
  Finished finished = finish(f.registry, first, 1);
  assert_ptr_equal(finished.released.chains[0], &second);
  assert_null(finished.released.chains[1]);
  put(second, Place::RUNNING);
  finished = finish(f.registry, second, 1);
  assert_null(finished.released.chains[0]);
  assert_ptr_equal(finished.released.chains[1], &sync);
}

void the_hold_goes_back_to_the_caller(void**) {
  Fixture f;
  Chain& chain = f.submit(f.request(Kind::READ));
  chain.hold = 7;
  assert_int_equal(finish(f.registry, chain, 0).hold, 7);
}

void a_waiter_is_woken_by_finish(void**) {
  Fixture f;
  Chain& chain = f.submit(f.request(Kind::READ));
  WaiterHold hold;
  Waiter* waiter = f.registry.waiters.enter(hold, 0);
  assert_int_equal(f.registry.waiters.watch(chain, generation_of(chain), *waiter), Watch::WATCHED);
  assert_true(finish(f.registry, chain, 0).is_over);
  assert_int_equal(waiter->bell, atomrt::os::RUNG);
}

// Whoever sees the result meanwhile finds the chain telling; the waiter is woken behind the signal (the W of the steps).
void a_waiter_is_woken_behind_the_signal(void**) {
  Fixture f;
  for (int room = 0; room < 2; ++room) {
    Chain& chain = f.submit(f.request(Kind::READ, SIGUSR1));
    const std::uint32_t generation = generation_of(chain);
    WaiterHold hold;
    Waiter* waiter = f.registry.waiters.enter(hold, 0);
    assert_int_equal(f.registry.waiters.watch(chain, generation, *waiter), Watch::WATCHED);
    failing_signals = room == 0 ? 1 : 0;
    assert_false(f.registry.waiters.is_anybody_telling());
    assert_int_equal(finish(f.registry, chain, 0).is_over, room != 0);
    assert_int_equal(waiter->bell, atomrt::os::RUNG);
    assert_int_equal(signals[0], room == 0 ? 0 : SIGUSR1);
    assert_false(f.registry.waiters.is_anybody_telling());
    assert_false(WaiterTable::is_telling(chain, generation));
    if (room == 0) assert_true(finish_tail(f.registry, chain));
    signals[0] = 0;
    WaiterTable::leave(hold);
  }
}

// Left to finish_tail, which makes it: who waits is woken then, by himself or by a list.
void a_function_is_left_and_waited_for(void**) {
  Fixture f;
  Request request = f.request(Kind::READ);
  request.notification.by = NotifyBy::THREAD;
  request.notification.function = [](sigval) {};
  Group& group = f.group(true);
  request.group = &group;
  group.add();
  assert_false(group.count_down());  // the call has submitted all
  Chain& chain = f.submit(request);
  const std::uint32_t generation = generation_of(chain);
  WaiterHold hold;
  Waiter* waiter = f.registry.waiters.enter(hold, 0);
  assert_int_equal(f.registry.waiters.watch(chain, generation, *waiter), Watch::WATCHED);
  assert_false(finish(f.registry, chain, 0, Threads::LEFT).is_over);
  assert_int_equal(atomrt::aiocb::load_error(f.block), 0);
  assert_int_not_equal(waiter->bell, atomrt::os::RUNG);
  assert_true(WaiterTable::is_telling(chain, generation));
  assert_false(group.is_done());
  assert_true(finish_tail(f.registry, chain));
  assert_int_equal(waiter->bell, atomrt::os::RUNG);
  assert_false(f.registry.waiters.is_anybody_telling());
  assert_true(group.is_done());
  WaiterTable::leave(hold);
}

void a_chain_whose_signal_finds_no_room_is_not_over(void**) {
  Fixture f;
  Chain& chain = f.submit(f.request(Kind::WRITE, SIGUSR1));
  Chain& second = f.submit(f.request(Kind::WRITE));
  const std::uint32_t generation = generation_of(chain);
  failing_signals = 3;
  takes_aiocb_away = true;
  const Finished finished = finish(f.registry, chain, 42);
  assert_false(finished.is_over);
  assert_ptr_equal(finished.released.chains[0], &second);  // the file does not wait for the signal
  assert_string_equal(steps, "PLO-W");
  assert_int_equal(chain.tail, Tail::NOTIFY);
  assert_int_equal(generation_of(chain), generation);
  assert_int_not_equal(place_of(chain), Place::FREE);
  assert_false(finish_tail(f.registry, chain));
  assert_false(finish_tail(f.registry, chain));
  assert_true(finish_tail(f.registry, chain));
  assert_string_equal(steps, "PLO-W--SR");
  assert_int_equal(place_of(chain), Place::FREE);
}

void a_group_is_counted_down_after_the_entrys_own_notification(void**) {
  Fixture f;
  Group& group = f.group(false, SIGUSR2);
  for (int i = 0; i < 2; ++i) group.add();
  Chain& first = f.submit(f.request(Kind::READ, SIGUSR1, &group));
  Chain& second = f.submit(f.request(Kind::READ, SIGUSR1, &group));
  assert_false(group.count_down());
  assert_true(finish(f.registry, first, 1).is_over);
  assert_string_equal(steps, "PLOSWR");
  failing_signals = 1;
  assert_false(finish(f.registry, second, 1).is_over);  // not counted down: its own signal comes first
  assert_string_equal(steps, "PLOSWRPLO-W");
  assert_true(finish_tail(f.registry, second));
  assert_string_equal(steps, "PLOSWRPLO-WSSR");
  assert_int_equal(signals[2], SIGUSR2);
}

void the_lists_signal_is_tried_again_without_the_entrys(void**) {
  Fixture f;
  Group& group = f.group(false, SIGUSR2);
  group.add();
  Chain& chain = f.submit(f.request(Kind::READ, 0, &group));
  assert_false(group.count_down());
  failing_signals = 2;
  assert_false(finish(f.registry, chain, 1).is_over);
  assert_int_equal(chain.tail, Tail::NOTIFY_GROUP);
  assert_false(finish_tail(f.registry, chain));
  assert_true(finish_tail(f.registry, chain));
  assert_string_equal(steps, "PLO--SR");
  assert_int_equal(f.groups_in_use(), 0);
}

void a_failing_entry_marks_the_group_before_it_counts(void**) {
  Fixture f;
  Group& group = f.group(true);
  for (int i = 0; i < 2; ++i) group.add();
  Chain& good = f.submit(f.request(Kind::READ, 0, &group));
  Chain& bad = f.submit(f.request(Kind::READ, 0, &group));
  assert_false(group.count_down());
  assert_true(finish(f.registry, bad, -EIO).is_over);
  assert_true(group.has_failed());
  assert_false(group.is_done());
  assert_true(finish(f.registry, good, 1).is_over);
  assert_true(group.is_done());
  assert_int_equal(f.groups_in_use(), 1);  // the waiting call holds it
  assert_true(group.drop());
  f.registry.groups.give(group);
  assert_int_equal(f.groups_in_use(), 0);
}

void a_waiting_list_ends_behind_its_entries_signals(void**) {
  Fixture f;
  Group& group = f.group(true);
  for (int i = 0; i < 2; ++i) group.add();
  Chain& first = f.submit(f.request(Kind::READ, SIGUSR1, &group));
  Chain& last = f.submit(f.request(Kind::READ, SIGUSR1, &group));
  assert_false(group.count_down());
  assert_true(finish(f.registry, first, 1).is_over);
  assert_false(group.is_done());
  assert_true(finish(f.registry, last, 1).is_over);
  assert_string_equal(steps, "PLOSWRPLOSCWR");
  assert_true(group.is_done());
}

// The caller may have to go on for there to be room for the entry's own signal.
void a_waiting_list_ends_though_its_signals_find_no_room(void**) {
  Fixture f;
  Group& group = f.group(true);
  group.add();
  Chain& chain = f.submit(f.request(Kind::READ, SIGUSR1, &group));
  assert_false(group.count_down());
  failing_signals = 1;
  assert_false(finish(f.registry, chain, 1).is_over);
  assert_string_equal(steps, "PLO-CW");
  assert_true(group.is_done());
  assert_null(chain.group);  // it may be gone by the time of the next try
  assert_true(group.drop());
  f.registry.groups.give(group);
  assert_true(finish_tail(f.registry, chain));
  assert_string_equal(steps, "PLO-CWSR");
  assert_int_equal(f.groups_in_use(), 0);
}

void a_tail_tells_whether_it_makes_a_thread(void**) {
  Fixture f;
  Request by_signal = f.request(Kind::READ, SIGUSR1), by_thread = by_signal;
  by_thread.notification.by = NotifyBy::THREAD;
  assert_true(needs_thread(by_thread, Tail::NOTIFY));
  assert_false(needs_thread(by_thread, Tail::COUNTDOWN));  // its own is out already
  assert_false(needs_thread(by_signal, Tail::NOTIFY));
  Group& signal_group = f.group(false, SIGUSR1);
  by_thread.group = &signal_group;
  assert_true(needs_thread(by_thread, Tail::NOTIFY));
  assert_false(needs_thread(by_thread, Tail::NOTIFY_GROUP));
  Group* thread_group = f.registry.groups.take();
  thread_group->open(false, by_thread.notification);
  by_signal.group = thread_group;
  assert_true(needs_thread(by_signal, Tail::NOTIFY));
  assert_true(needs_thread(by_signal, Tail::NOTIFY_GROUP));
}

// pthread_create takes locks: no handler of the application may come meanwhile, and wait for what makes a thread, too.
void a_thread_is_made_with_signals_blocked(void**) {
  Fixture f;
  Request request = f.request(Kind::READ, SIGUSR1);
  request.notification.by = NotifyBy::THREAD;
  assert_int_equal(finish_request(f.registry, request, 1), Tail::DONE);
  assert_string_equal(steps, "M");
  Group& group = f.group(false, SIGUSR1);
  Notification by_thread = request.notification;
  group.open(false, by_thread);
  Request last = f.request(Kind::READ, SIGUSR1, &group);
  assert_int_equal(run_callers_tail(f.registry, last, Tail::NOTIFY), Tail::DONE);
  assert_string_equal(steps, "MSM");
  assert_false(atomrt::os::are_signals_blocked());  // as before
}

void success_does_not_mark_the_group(void**) {
  Fixture f;
  Group& group = f.group(true);
  group.add();
  Chain& chain = f.submit(f.request(Kind::READ, 0, &group));
  assert_false(group.count_down());
  assert_true(finish(f.registry, chain, 0).is_over);
  assert_false(group.has_failed());
}

void a_request_without_a_chain_takes_the_same_road(void**) {
  Fixture f;
  Group& group = f.group(false, SIGUSR2);
  group.add();
  Request bad = f.request(Kind::READ, SIGUSR1, &group);
  assert_int_equal(finish_request(f.registry, bad, -EBADF), Tail::DONE);
  assert_string_equal(steps, "S");
  assert_true(group.has_failed());
  assert_int_equal(atomrt::aiocb::load_error(f.block), EBADF);
  failing_signals = 1;
  Request good = f.request(Kind::READ, SIGUSR1);
  assert_int_equal(finish_request(f.registry, good, 7), Tail::NOTIFY);
  assert_int_equal(atomrt::aiocb::load_return_value(f.block), 7);
}

void a_tail_goes_on_where_it_stopped(void**) {
  Fixture f;
  Request plain = f.request(Kind::READ, SIGUSR1);
  assert_int_equal(run_tail(f.registry, plain, Tail::DONE), Tail::DONE);
  assert_int_equal(run_tail(f.registry, plain, Tail::COUNTDOWN), Tail::DONE);
  assert_string_equal(steps, "");
  Group& group = f.group(false, SIGUSR2);
  Request last = f.request(Kind::READ, SIGUSR1, &group);
  assert_int_equal(run_tail(f.registry, last, Tail::COUNTDOWN), Tail::DONE);
  assert_string_equal(steps, "S");
  assert_int_equal(signals[0], SIGUSR2);
  assert_int_equal(f.groups_in_use(), 0);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_steps_come_in_order), cmocka_unit_test(nothing_looks_at_the_aiocb_after_publish),
           cmocka_unit_test(a_failure_is_published_and_notified_all_the_same),
           cmocka_unit_test(who_is_held_back_is_released), cmocka_unit_test(the_hold_goes_back_to_the_caller),
           cmocka_unit_test(a_waiter_is_woken_by_finish),
           cmocka_unit_test(a_waiter_is_woken_behind_the_signal),
           cmocka_unit_test(a_function_is_left_and_waited_for),
           cmocka_unit_test(a_chain_whose_signal_finds_no_room_is_not_over),
           cmocka_unit_test(a_group_is_counted_down_after_the_entrys_own_notification),
           cmocka_unit_test(the_lists_signal_is_tried_again_without_the_entrys),
           cmocka_unit_test(a_failing_entry_marks_the_group_before_it_counts),
           cmocka_unit_test(a_waiting_list_ends_behind_its_entries_signals),
           cmocka_unit_test(a_waiting_list_ends_though_its_signals_find_no_room),
           cmocka_unit_test(a_tail_tells_whether_it_makes_a_thread),
           cmocka_unit_test(a_thread_is_made_with_signals_blocked),
           cmocka_unit_test(success_does_not_mark_the_group),
           cmocka_unit_test(a_request_without_a_chain_takes_the_same_road),
           cmocka_unit_test(a_tail_goes_on_where_it_stopped))
