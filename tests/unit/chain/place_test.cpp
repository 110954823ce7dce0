// SPDX-License-Identifier: MIT
// place: the table of moves says all, and says it once.
#include "chain/place.h"

#include <algorithm>
#include <iterator>

#include "unit.h"

namespace {

using namespace atomrt::chain;

Place place(unsigned number) { return static_cast<Place>(number); }

void each_move_is_in_the_table_once(void**) {
  for (const Move& move : MOVES) {
    int same = 0;
    for (const Move& other : MOVES) same += other.from == move.from && other.to == move.to;
    assert_int_equal(same, 1);
    assert_true(move.from != move.to || move.by == MovedBy::CLAIM);  // who closes a descriptor replaces it there
  }
}

// And none is left for good.
void each_place_is_reached_and_left(void**) {
  for (unsigned number = 0; number < PLACES; ++number) {
    int ways_in = 0, ways_out = 0;
    for (const Move& move : MOVES) {
      ways_in += move.to == place(number);
      ways_out += move.from == place(number);
    }
    assert_true(ways_in > 0);
    assert_true(ways_out > 0);
  }
}

// A submitter that comes back late must find that the chain has been elsewhere meanwhile.
void what_kernel_aio_gave_back_never_comes_to_it_again(void**) {
  {
    constexpr Place from = Place::IN_AIO;
    assert_true(may_move(from, Place::RUNNING));
    assert_false(may_move(from, Place::MOVING));
    assert_false(may_move(from, Place::IN_SUBMIT));
  }
  for (const Move& move : MOVES) {
    const bool is_submitted = move.from == Place::IN_SUBMIT || move.from == Place::SENDING;
    if (move.to == Place::IN_AIO) assert_true(is_submitted);
    if (is_sending(move.to)) assert_int_equal(move.from, Place::FREE);
    if (move.to == Place::IN_AIO) assert_int_equal(static_cast<int>(move.by), static_cast<int>(MovedBy::CLAIM));
  }
}

// A poll that has come before its owner is back is his; one that comes later is whoever's sees it.
void a_poll_has_one_end(void**) {
  assert_true(may_be_claimed(Place::ASKING, Place::READY));
  for (const Place polled : {Place::POLLED, Place::POLLED_APART, Place::POLLED_BEGUN}) {
    assert_true(may_be_claimed(Place::ASKING, polled));
    assert_true(may_be_claimed(polled, Place::MOVING));
    assert_false(may_move(Place::READY, polled));
  }
  assert_false(may_move(Place::POLLED_BEGUN, Place::RUNNING));  // no aio_cancel of what has moved bytes
}

// Nobody takes a chain out of what a lock protects without the lock, nor from its owner.
void only_what_stands_open_may_be_claimed(void**) {
  for (unsigned from = 0; from < PLACES; ++from) {
    constexpr Place OPEN[] = {Place::LONE,   Place::MAILED, Place::BLOCKED,      Place::IN_SUBMIT, Place::SENDING,
                              Place::ASKING, Place::POLLED, Place::POLLED_APART, Place::POLLED_BEGUN,
                              Place::SENDING_POLL};
    const bool is_open = std::find(std::begin(OPEN), std::end(OPEN), place(from)) != std::end(OPEN);
    bool any = false;
    for (unsigned to = 0; to < PLACES; ++to) any = any || may_be_claimed(place(from), place(to));
    assert_int_equal(any, is_open);
  }
}

void what_is_not_in_the_table_may_not_be(void**) {
  assert_true(may_move(Place::MOVING, Place::MOVING));
  assert_true(may_move(Place::RUNNING, Place::RUNNING));
  assert_false(may_move(Place::QUEUED, Place::QUEUED));
  assert_false(may_move(Place::FREE, Place::RUNNING));
  assert_false(may_move(Place::QUEUED, Place::ENDING));
  assert_false(may_move(Place::MOVING, Place::IN_AIO));
  assert_false(may_move(Place::ENDING, Place::RUNNING));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(each_move_is_in_the_table_once), cmocka_unit_test(each_place_is_reached_and_left),
           cmocka_unit_test(what_kernel_aio_gave_back_never_comes_to_it_again),
           cmocka_unit_test(a_poll_has_one_end), cmocka_unit_test(only_what_stands_open_may_be_claimed),
           cmocka_unit_test(what_is_not_in_the_table_may_not_be))
