// SPDX-License-Identifier: MIT
// ThreadSlices: what a thread did, from the events that it noted.
#include "exec/thread_slices.h"

#include "unit.h"

namespace {

using namespace atomrt::exec;
using atomrt::chain::Event;
using atomrt::chain::Happening;
using atomrt::chain::Phase;

ThreadSlices& fresh() {
  static ThreadSlices slices;
  memset(static_cast<void*>(&slices), 0, sizeof slices);
  return slices;
}

Event event(std::uint32_t thread, std::uint64_t block, std::int64_t ns, Happening what, Phase to = Phase::NONE) {
  Event made{};
  made.thread = thread;
  made.block = block;
  made.submitted_ns = 1;
  made.ns = ns;
  made.what = what;
  made.to = static_cast<std::uint8_t>(to);
  return made;
}

#define NOTHING(added) assert_false((added).has_value())
#define SLICE(added, begin, length, does, last)         \
  do {                                                  \
    const std::optional<Slice> found = (added);         \
    assert_true(found.has_value());                     \
    assert_int_equal(found->begin_ns, begin);           \
    assert_int_equal(found->length_ns, length);         \
    assert_true(found->work == (does));                 \
    assert_int_equal(found->is_last, last);             \
  } while (false)

void a_request_that_ends_in_its_submitter_is_one_slice(void**) {
  ThreadSlices& slices = fresh();
  NOTHING(slices.add(event(7, 1, 100, Happening::SUBMITTED)));
  NOTHING(slices.add(event(7, 1, 110, Happening::MOVED, Phase::RUNNING)));
  NOTHING(slices.add(event(7, 1, 120, Happening::DONE)));
  NOTHING(slices.add(event(7, 1, 130, Happening::MOVED, Phase::NONE)));
  SLICE(slices.add(event(7, 1, 140, Happening::PUBLISHED)), 100, 40, Work::SUBMITS, true);
  NOTHING(slices.add(event(7, 1, 150, Happening::NOTIFIED)));
}

void who_gives_a_request_away_and_who_runs_it_has_a_slice_each(void**) {
  ThreadSlices& slices = fresh();
  NOTHING(slices.add(event(7, 1, 100, Happening::SUBMITTED)));
  NOTHING(slices.add(event(7, 1, 105, Happening::DECLINED)));
  SLICE(slices.add(event(7, 1, 110, Happening::MOVED, Phase::QUEUED)), 100, 10, Work::SUBMITS, false);
  NOTHING(slices.add(event(7, 1, 111, Happening::MOVED, Phase::HELD)));  // somebody else's by now
  NOTHING(slices.add(event(8, 1, 120, Happening::MOVED, Phase::RUNNING)));
  SLICE(slices.add(event(8, 1, 125, Happening::MOVED, Phase::BLOCKED)), 120, 5, Work::RUNS, false);
  NOTHING(slices.add(event(9, 1, 130, Happening::MOVED, Phase::RUNNING)));
  NOTHING(slices.add(event(9, 1, 170, Happening::DONE)));
  SLICE(slices.add(event(9, 1, 180, Happening::PUBLISHED)), 130, 50, Work::RUNS, true);
  // No time at all is still to be seen.
  NOTHING(slices.add(event(9, 2, 190, Happening::MOVED, Phase::RUNNING)));
  SLICE(slices.add(event(9, 2, 190, Happening::PUBLISHED)), 190, 1, Work::RUNS, true);
}

void slices_of_a_thread_do_not_overlap_where_it_takes_several_requests_at_once(void**) {
  ThreadSlices& slices = fresh();
  for (std::uint64_t block = 1; block <= 3; ++block) {
    NOTHING(slices.add(event(7, block, 100 + static_cast<std::int64_t>(block), Happening::MOVED, Phase::RUNNING)));
  }
  NOTHING(slices.add(event(7, 1, 110, Happening::DONE)));
  SLICE(slices.add(event(7, 1, 114, Happening::PUBLISHED)), 110, 4, Work::ENDS, true);
  NOTHING(slices.add(event(7, 2, 120, Happening::DONE)));
  SLICE(slices.add(event(7, 2, 125, Happening::PUBLISHED)), 120, 5, Work::ENDS, true);
  SLICE(slices.add(event(7, 3, 130, Happening::PUBLISHED)), 130, 1, Work::ENDS, true);
}

// A submitter may find an earlier request that was left to it, and hand that on first.
void what_a_thread_runs_while_it_submits_lies_within(void**) {
  ThreadSlices& slices = fresh();
  NOTHING(slices.add(event(7, 2, 100, Happening::SUBMITTED)));
  NOTHING(slices.add(event(7, 1, 110, Happening::MOVED, Phase::NONE)));
  NOTHING(slices.add(event(7, 1, 120, Happening::MOVED, Phase::RUNNING)));
  SLICE(slices.add(event(7, 1, 130, Happening::MOVED, Phase::QUEUED)), 120, 10, Work::RUNS, false);
  NOTHING(slices.add(event(7, 3, 140, Happening::DONE)));
  SLICE(slices.add(event(7, 3, 145, Happening::PUBLISHED)), 140, 5, Work::ENDS, true);
  SLICE(slices.add(event(7, 2, 150, Happening::MOVED, Phase::MAILED)), 100, 50, Work::SUBMITS, false);
  // But not what it began before: a handler interrupted it.
  NOTHING(slices.add(event(7, 4, 160, Happening::MOVED, Phase::RUNNING)));
  NOTHING(slices.add(event(7, 5, 170, Happening::SUBMITTED)));
  SLICE(slices.add(event(7, 5, 180, Happening::PUBLISHED)), 170, 10, Work::SUBMITS, true);
  NOTHING(slices.add(event(7, 4, 190, Happening::DONE)));
  SLICE(slices.add(event(7, 4, 195, Happening::PUBLISHED)), 190, 5, Work::ENDS, true);
}

void what_ends_another_threads_request_ends_no_slice_of_that(void**) {
  ThreadSlices& slices = fresh();
  NOTHING(slices.add(event(7, 1, 100, Happening::MOVED, Phase::RUNNING)));
  NOTHING(slices.add(event(8, 1, 110, Happening::CANCELLED)));
  SLICE(slices.add(event(8, 1, 115, Happening::PUBLISHED)), 110, 5, Work::ENDS, true);
  // The same aiocb, used again.
  Event again = event(7, 1, 120, Happening::PUBLISHED);
  again.submitted_ns = 2;
  SLICE(slices.add(again), 120, 1, Work::ENDS, true);
}

void events_that_come_late_and_those_of_lists_change_nothing(void**) {
  ThreadSlices& slices = fresh();
  NOTHING(slices.add(event(7, 1, 100, Happening::MOVED, Phase::RUNNING)));
  NOTHING(slices.add(event(7, 2, 90, Happening::MOVED, Phase::RUNNING)));
  NOTHING(slices.add(event(7, 2, 91, Happening::PUBLISHED)));
  NOTHING(slices.add(event(7, 0, 110, Happening::LIST_NOTIFIED)));
  SLICE(slices.add(event(7, 1, 120, Happening::PUBLISHED)), 100, 20, Work::RUNS, true);
}

void more_threads_than_there_is_room_for_lose_slices_alone(void**) {
  ThreadSlices& slices = fresh();
  for (std::uint32_t thread = 1; thread <= 2000; ++thread) {
    NOTHING(slices.add(event(thread, thread, 100, Happening::MOVED, Phase::RUNNING)));
  }
  unsigned whole = 0;
  for (std::uint32_t thread = 2000; thread > 0; --thread) {
    const auto slice = slices.add(event(thread, thread, 200, Happening::PUBLISHED));
    assert_true(slice.has_value());
    const bool is_whole = slice->work == Work::RUNS && slice->begin_ns == 100;
    assert_true(is_whole || (slice->work == Work::ENDS && slice->begin_ns == 200));
    whole += is_whole;
  }
  assert_true(whole > 0 && whole < 2000);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(a_request_that_ends_in_its_submitter_is_one_slice),
           cmocka_unit_test(who_gives_a_request_away_and_who_runs_it_has_a_slice_each),
           cmocka_unit_test(slices_of_a_thread_do_not_overlap_where_it_takes_several_requests_at_once),
           cmocka_unit_test(what_a_thread_runs_while_it_submits_lies_within),
           cmocka_unit_test(what_ends_another_threads_request_ends_no_slice_of_that),
           cmocka_unit_test(events_that_come_late_and_those_of_lists_change_nothing),
           cmocka_unit_test(more_threads_than_there_is_room_for_lose_slices_alone))
