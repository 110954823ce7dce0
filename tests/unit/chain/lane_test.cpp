// SPDX-License-Identifier: MIT
// Lane: who waits for whom among the chains of one file. No file, no thread.
// Random orders of events, and threads: races/lane_race_test.cpp.
#include "chain/lane.h"

#include <sys/sysmacros.h>

#include "chain/lanes.h"
#include "without_memory.h"

namespace {

using namespace atomrt::chain;
using namespace atomrt::unit;

void the_order_follows_from_the_request(void**) {
  assert_int_equal(order_of(request_of(Kind::READ)), Order::NONE);
  assert_int_equal(order_of(request_of(Kind::DIRECT_WRITE)), Order::NONE);
  assert_int_equal(order_of(request_of(Kind::WRITE)), Order::DRAINED_WRITES);
  assert_int_equal(order_of(request_of(Kind::APPEND)), Order::APPENDS);
  assert_int_equal(order_of(request_of(Kind::SYNC)), Order::SYNC);
  assert_int_equal(order_of(request_of(Kind::STREAM_READ)), Order::STREAM_READS);
  assert_int_equal(order_of(request_of(Kind::STREAM_WRITE)), Order::STREAM_WRITES);
  assert_int_equal(order_of(request_of(Kind::STREAM_SYNC)), Order::SYNC);
  Request request = request_of(Kind::APPEND);
  request.direct = true;  // O_DIRECT does not free an append from its order
  assert_int_equal(order_of(request), Order::APPENDS);
  request.operation = Operation::READ;
  assert_int_equal(order_of(request), Order::NONE);
  request.operation = Operation::FDATASYNC;
  assert_int_equal(order_of(request), Order::SYNC);
}

void the_key_is_the_file_or_the_descriptor_where_the_inode_says_nothing(void**) {
  atomrt::os::FileIdentity identity{};
  identity.device = 8;
  identity.inode = 1001;
  assert_true(file_key(identity, 3) == KEY);
  assert_true(file_key(identity, 3) == file_key(identity, 4));
  identity.is_shared_inode = true;
  assert_true(file_key(identity, 3) == (FileKey{1001, 8, 3}));
  assert_false(file_key(identity, 3) == file_key(identity, 4));
}

void every_device_has_keys_of_its_own(void**) {
  atomrt::os::FileIdentity identity{};
  identity.inode = 1001;
  identity.device = makedev(8, 1);
  const FileKey key = file_key(identity, 3);
  for (const dev_t other : {makedev(8, 2), makedev(9, 1), makedev(8, 0x10001), makedev(0x808, 1), makedev(0, 8 << 8 | 1)}) {
    identity.device = other;
    assert_false(file_key(identity, 3) == key);
  }
}

void reads_and_direct_writes_wait_for_nothing(void**) {
  Lanes lanes;
  Chain& a = lanes.go(Kind::WRITE);
  Chain& b = lanes.go(Kind::READ);
  Chain& c = lanes.go(Kind::DIRECT_WRITE);
  Chain& d = lanes.go(Kind::READ);
  lanes.leaves(d);
  lanes.leaves(b);
  lanes.leaves(a);
  lanes.leaves(c);
}

void one_after_the_other(Kind kind) {
  Lanes lanes;
  Chain& first = lanes.go(kind);
  Chain& second = lanes.held(kind);
  Chain& third = lanes.held(kind);
  lanes.leaves(first, &second, nullptr);
  Chain& fourth = lanes.held(kind);
  lanes.leaves(second, &third, nullptr);
  lanes.leaves(third, &fourth, nullptr);
  lanes.leaves(fourth);
  lanes.leaves(lanes.go(kind));
}
void stream_reads_keep_call_order(void**) { one_after_the_other(Kind::STREAM_READ); }
void stream_writes_keep_call_order(void**) { one_after_the_other(Kind::STREAM_WRITE); }
void appends_keep_call_order(void**) { one_after_the_other(Kind::APPEND); }
void drained_writes_follow_each_other(void**) { one_after_the_other(Kind::WRITE); }

void reading_and_writing_a_stream_are_two_lanes(void**) {
  Lanes lanes;
  Chain& read = lanes.go(Kind::STREAM_READ);
  Chain& write = lanes.go(Kind::STREAM_WRITE);
  Chain& held_read = lanes.held(Kind::STREAM_READ);
  Chain& held_write = lanes.held(Kind::STREAM_WRITE);
  lanes.leaves(write, &held_write, nullptr);
  lanes.leaves(read, &held_read, nullptr);
  lanes.leaves(held_read);
  lanes.leaves(held_write);
}

// One open with O_APPEND and one without may name the same file.
void appends_and_drained_writes_are_one_queue(void**) {
  Lanes lanes;
  Chain& write = lanes.go(Kind::WRITE);
  Chain& append = lanes.held(Kind::APPEND);
  Chain& last = lanes.held(Kind::WRITE);
  lanes.leaves(write, &append, nullptr);
  lanes.leaves(append, &last, nullptr);
  lanes.leaves(last);
}

void a_sync_goes_at_once_where_nothing_is_before_it(void**) {
  Lanes lanes;
  Chain& sync = lanes.go(Kind::SYNC);
  Chain& later = lanes.go(Kind::WRITE);  // and holds nothing back
  lanes.leaves(sync);
  lanes.leaves(later);
}

void a_sync_waits_for_all_before_it_in_whatever_order_they_end(void**) {
  for (int last = 0; last < 3; ++last) {
    Lanes lanes;
    Chain* before[3] = {&lanes.go(Kind::READ), &lanes.go(Kind::WRITE), &lanes.go(Kind::DIRECT_WRITE)};
    Chain& sync = lanes.held(Kind::SYNC);
    for (int i = 1; i <= 2; ++i) lanes.leaves(*before[(last + i) % 3]);
    lanes.leaves(*before[last], nullptr, &sync);
    lanes.leaves(sync);
  }
}

void a_sync_waits_for_held_writes_too(void**) {
  Lanes lanes;
  Chain& first = lanes.go(Kind::WRITE);
  Chain& second = lanes.held(Kind::WRITE);
  Chain& sync = lanes.held(Kind::SYNC);
  Chain& third = lanes.held(Kind::WRITE);
  lanes.leaves(first, &second, nullptr);
  lanes.leaves(second, &third, &sync);  // the write behind the sync need not wait for it
  lanes.leaves(third);
  lanes.leaves(sync);
}

void a_sync_does_not_wait_for_what_comes_after_it(void**) {
  Lanes lanes;
  Chain& before = lanes.go(Kind::READ);
  Chain& sync = lanes.held(Kind::SYNC);
  Chain& after = lanes.go(Kind::READ);
  Chain& write_after = lanes.go(Kind::WRITE);
  lanes.leaves(write_after);
  lanes.leaves(before, nullptr, &sync);
  lanes.leaves(sync);
  lanes.leaves(after);
}

void of_two_syncs_the_second_waits_for_the_first(void**) {
  Lanes lanes;
  Chain& write = lanes.go(Kind::WRITE);
  Chain& first = lanes.held(Kind::SYNC);
  Chain& between = lanes.go(Kind::READ);
  Chain& second = lanes.held(Kind::SYNC);
  lanes.leaves(write, nullptr, &first);
  lanes.leaves(between);
  lanes.leaves(first, nullptr, &second);
  lanes.leaves(second);
}

void two_syncs_in_a_row_go_one_by_one(void**) {
  Lanes lanes;
  Chain& first = lanes.go(Kind::SYNC);
  Chain& second = lanes.held(Kind::SYNC);
  Chain& third = lanes.held(Kind::SYNC);
  lanes.leaves(first, nullptr, &second);
  lanes.leaves(second, nullptr, &third);
  lanes.leaves(third);
}

void a_sync_of_a_stream_waits_for_nothing(void**) {
  Lanes lanes;
  Chain& read = lanes.go(Kind::STREAM_READ);
  Chain& held = lanes.held(Kind::STREAM_READ);
  Chain& sync = lanes.go(Kind::STREAM_SYNC);
  lanes.leaves(sync);
  lanes.leaves(read, &held, nullptr);
  lanes.leaves(held);
}

void a_held_drained_write_may_be_run_out_of_turn(void**) {
  Lanes lanes;
  Chain& first = lanes.queued(Kind::WRITE);
  Chain& second = lanes.held(Kind::WRITE);
  Chain& third = lanes.held(Kind::WRITE);
  Chain& sync = lanes.held(Kind::SYNC);
  assert_true(lanes.table.take_held(second, true));
  assert_int_equal(place_of(second), Place::RUNNING);
  assert_false(lanes.table.take_held(second, true));
  lanes.leaves(first, &third, nullptr);  // past the one that was taken
  lanes.leaves(third);
  lanes.leaves(second, nullptr, &sync);  // which the sync waits for all the same
  lanes.leaves(sync);
}

// Two that write to a file would only wait for each other.
void nothing_is_run_out_of_turn_while_another_writes(void**) {
  Lanes lanes;
  Chain& first = lanes.queued(Kind::WRITE);
  Chain& second = lanes.held(Kind::WRITE);
  Chain& third = lanes.held(Kind::WRITE);
  for (const Place place : {Place::RUNNING, Place::MOVING}) {
    atomrt::unit::stand(first, place);
    assert_false(lanes.table.take_held(second, true));
    assert_int_equal(place_of(second), Place::HELD);
  }
  atomrt::unit::stand(first, Place::QUEUED);
  assert_true(lanes.table.take_held(second, true));
  assert_false(lanes.table.take_held(third, true));
  assert_true(lanes.table.take_held(third, false));  // to cancel it
  lanes.leaves(third);
  Chain& fourth = lanes.held(Kind::WRITE);
  assert_false(lanes.table.take_held(fourth, true));
  lanes.leaves(second);
  assert_true(lanes.table.take_held(fourth, true));
  lanes.leaves(first);
  lanes.leaves(fourth);
}

void a_chain_run_out_of_turn_releases_nobody(void**) {
  Lanes lanes;
  Chain& first = lanes.queued(Kind::WRITE);
  Chain& second = lanes.held(Kind::WRITE);
  Chain& third = lanes.held(Kind::WRITE);
  assert_true(lanes.table.take_held(second, true));
  lanes.leaves(second);
  lanes.leaves(first, &third, nullptr);
  lanes.leaves(third);
}

void what_has_an_order_is_not_run_out_of_turn(void**) {
  for (const Kind kind : {Kind::APPEND, Kind::STREAM_READ, Kind::STREAM_WRITE, Kind::SYNC}) {
    Lanes lanes;
    Chain& first = lanes.go(kind);
    Chain& held = lanes.held(kind);
    assert_false(lanes.table.take_held(held, true));
    assert_int_equal(place_of(held), Place::HELD);
    lanes.leaves(first, kind == Kind::SYNC ? nullptr : &held, kind == Kind::SYNC ? &held : nullptr);
    lanes.leaves(held);
  }
}

void anything_held_may_be_taken_to_cancel_it(void**) {
  for (const Kind kind : {Kind::WRITE, Kind::APPEND, Kind::STREAM_READ, Kind::STREAM_WRITE}) {
    Lanes lanes;
    Chain& first = lanes.go(kind);
    Chain& second = lanes.held(kind);
    Chain& third = lanes.held(kind);
    assert_true(lanes.table.take_held(second, false));
    assert_int_equal(place_of(second), Place::RUNNING);
    lanes.leaves(second);
    lanes.leaves(first, &third, nullptr);
    lanes.leaves(third);
  }
}

void a_cancelled_sync_lets_the_next_one_go_when_its_turn_comes(void**) {
  Lanes lanes;
  Chain& write = lanes.go(Kind::WRITE);
  Chain& first = lanes.held(Kind::SYNC);
  Chain& second = lanes.held(Kind::SYNC);
  assert_true(lanes.table.take_held(first, false));
  lanes.leaves(first);
  lanes.leaves(write, nullptr, &second);
  lanes.leaves(second);
}

void a_sync_being_cancelled_still_counts_as_earlier(void**) {
  Lanes lanes;
  Chain& write = lanes.go(Kind::WRITE);
  Chain& first = lanes.held(Kind::SYNC);
  Chain& second = lanes.held(Kind::SYNC);
  assert_true(lanes.table.take_held(first, false));
  lanes.leaves(write);  // `first` is not released: it is in its canceller's hands
  lanes.leaves(first, nullptr, &second);
  lanes.leaves(second);
}

void what_is_not_held_cannot_be_taken(void**) {
  Lanes lanes;
  Chain& outside = lanes.make(Kind::WRITE);
  assert_false(lanes.table.take_held(outside, false));
  Chain& first = lanes.go(Kind::WRITE);
  for (const Place place : {Place::MOVING, Place::QUEUED, Place::RUNNING}) {
    atomrt::unit::stand(first, place);
    assert_false(lanes.table.take_held(first, false));
    assert_int_equal(place_of(first), place);
  }
  lanes.leaves(first);
}

void only_held_chains_are_changed(void**) {
  Lanes lanes;
  Chain& first = lanes.go(Kind::WRITE);
  Chain& held = lanes.held(Kind::WRITE);
  int changes = 0;
  const auto change = [&](Chain&) { ++changes; };
  assert_false(lanes.table.change_held(first, change));
  assert_false(lanes.table.change_held(lanes.make(Kind::WRITE), change));
  assert_int_equal(changes, 0);
  assert_true(lanes.table.change_held(held, change));
  assert_int_equal(changes, 1);
  assert_int_equal(place_of(held), Place::HELD);
}

void a_file_is_busy_for_those_who_would_have_to_wait(void**) {
  Lanes lanes;
  assert_false(lanes.table.is_busy(KEY, Order::STREAM_READS));
  Chain& read = lanes.go(Kind::STREAM_READ);
  assert_true(lanes.table.is_busy(KEY, Order::STREAM_READS));
  assert_false(lanes.table.is_busy(KEY, Order::STREAM_WRITES));
  assert_false(lanes.table.is_busy({8, 1002, -1}, Order::STREAM_READS));
  Chain& write = lanes.go(Kind::STREAM_WRITE);
  Chain& held = lanes.held(Kind::STREAM_WRITE);
  assert_true(lanes.table.is_busy(KEY, Order::STREAM_WRITES));
  lanes.leaves(read);
  assert_false(lanes.table.is_busy(KEY, Order::STREAM_READS));
  lanes.leaves(write, &held, nullptr);
  assert_true(lanes.table.is_busy(KEY, Order::STREAM_WRITES));
  lanes.leaves(held);
  assert_false(lanes.table.is_busy(KEY, Order::STREAM_WRITES));
}

void files_do_not_wait_for_each_other(void**) {
  Lanes lanes;
  lanes.go(Kind::WRITE, {8, 1, -1});
  lanes.go(Kind::WRITE, {8, 2, -1});
  lanes.go(Kind::WRITE, {9, 1, -1});
  lanes.go(Kind::STREAM_READ, {8, 1, 5});
  lanes.go(Kind::STREAM_READ, {8, 1, 6});
  lanes.held(Kind::WRITE, {9, 1, -1});
  lanes.held(Kind::STREAM_READ, {8, 1, 6});
}

void without_memory_the_chain_is_in_no_lane(void**) {
  Lanes lanes;
  Chain& chain = lanes.make(Kind::WRITE);
  const auto enter = [&] {
    const atomrt::unit::WithoutMemory none;
    return lanes.table.enter(chain, KEY);
  };
  assert_int_equal(enter(), Entry::NO_MEMORY);
  assert_int_equal(place_of(chain), Place::MOVING);
  lanes.leaves(chain);
  lanes.leaves(lanes.go(Kind::WRITE));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(the_order_follows_from_the_request),
           cmocka_unit_test(the_key_is_the_file_or_the_descriptor_where_the_inode_says_nothing),
           cmocka_unit_test(every_device_has_keys_of_its_own),
           cmocka_unit_test(reads_and_direct_writes_wait_for_nothing), cmocka_unit_test(stream_reads_keep_call_order),
           cmocka_unit_test(stream_writes_keep_call_order), cmocka_unit_test(appends_keep_call_order),
           cmocka_unit_test(drained_writes_follow_each_other),
           cmocka_unit_test(reading_and_writing_a_stream_are_two_lanes),
           cmocka_unit_test(appends_and_drained_writes_are_one_queue),
           cmocka_unit_test(a_sync_goes_at_once_where_nothing_is_before_it),
           cmocka_unit_test(a_sync_waits_for_all_before_it_in_whatever_order_they_end),
           cmocka_unit_test(a_sync_waits_for_held_writes_too),
           cmocka_unit_test(a_sync_does_not_wait_for_what_comes_after_it),
           cmocka_unit_test(of_two_syncs_the_second_waits_for_the_first),
           cmocka_unit_test(two_syncs_in_a_row_go_one_by_one), cmocka_unit_test(a_sync_of_a_stream_waits_for_nothing),
           cmocka_unit_test(a_held_drained_write_may_be_run_out_of_turn),
           cmocka_unit_test(nothing_is_run_out_of_turn_while_another_writes),
           cmocka_unit_test(a_chain_run_out_of_turn_releases_nobody),
           cmocka_unit_test(what_has_an_order_is_not_run_out_of_turn),
           cmocka_unit_test(anything_held_may_be_taken_to_cancel_it),
           cmocka_unit_test(a_cancelled_sync_lets_the_next_one_go_when_its_turn_comes),
           cmocka_unit_test(a_sync_being_cancelled_still_counts_as_earlier),
           cmocka_unit_test(what_is_not_held_cannot_be_taken), cmocka_unit_test(only_held_chains_are_changed),
           cmocka_unit_test(a_file_is_busy_for_those_who_would_have_to_wait),
           cmocka_unit_test(files_do_not_wait_for_each_other),
           cmocka_unit_test(without_memory_the_chain_is_in_no_lane))
