// SPDX-License-Identifier: MIT
// clock: timespecs of POSIX calls, at and beyond their limits.
#include "os/clock.h"

#include "unit.h"

namespace {

using namespace atomrt::os;

void time_does_not_go_back(void**) {
  std::int64_t last = now_ns();
  assert_true(last > 0);
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t now = now_ns();
    assert_true(now >= last);
    last = now;
  }
}

void now_is_the_monotonic_clock_in_nanoseconds(void**) {
  timespec before{}, after{};
  clock_gettime(CLOCK_MONOTONIC, &before);
  const std::int64_t now = now_ns();
  clock_gettime(CLOCK_MONOTONIC, &after);
  assert_true(now >= before.tv_sec * 1'000'000'000LL + before.tv_nsec);
  assert_true(now <= after.tv_sec * 1'000'000'000LL + after.tv_nsec);
}

void a_timeout_has_no_negative_part_and_no_whole_second_in_nanoseconds(void**) {
  assert_true(is_valid_timeout({0, 0}));
  assert_true(is_valid_timeout({0, 999'999'999}));
  assert_true(is_valid_timeout(WideTimespec{INT64_MAX, 0, 0}));
  assert_false(is_valid_timeout({0, 1'000'000'000}));
  assert_false(is_valid_timeout({0, -1}));
  assert_false(is_valid_timeout({-1, 0}));
  assert_false(is_valid_timeout({-1, 999'999'999}));
}

void a_deadline_is_that_far_from_now(void**) {
  const std::int64_t before = now_ns();
  const std::int64_t deadline = deadline_after({3, 7});
  const std::int64_t after = now_ns();
  assert_true(deadline >= before + 3'000'000'007LL);
  assert_true(deadline <= after + 3'000'000'007LL);
}

void far_deadlines_do_not_overflow(void**) {
  assert_int_equal(deadline_after(WideTimespec{INT64_MAX, 999'999'999, 0}), INT64_MAX / 2);
  assert_int_equal(deadline_after(WideTimespec{INT64_MAX / 2 / 1'000'000'000, 0, 0}), INT64_MAX / 2);
  const std::int64_t just_below = deadline_after(WideTimespec{INT64_MAX / 2 / 1'000'000'000 - 1, 999'999'999, 0});
  assert_true(just_below > INT64_MAX / 4);
}

void a_slice_ends_with_the_wait_or_before(void**) {
  const std::int64_t before = now_ns();
  const Slice endless = slice_of(NO_DEADLINE, 1000);
  assert_false(endless.is_last);
  assert_true(endless.end_ns >= before + 1000 && endless.end_ns <= now_ns() + 1000);
  const std::int64_t far = now_ns() + 1'000'000'000'000;
  assert_false(slice_of(far, 1000).is_last);
  assert_true(slice_of(far, 1000).end_ns < far);
  for (const std::int64_t deadline : {before, std::int64_t{0}, far}) {
    const Slice last = slice_of(deadline, 2'000'000'000'000);
    assert_true(last.is_last);
    assert_true(last.end_ns == deadline);
  }
}

void nanoseconds_become_a_timespec(void**) {
  assert_int_equal(to_timespec(0).tv_sec, 0);
  assert_int_equal(to_timespec(999'999'999).tv_nsec, 999'999'999);
  assert_int_equal(to_timespec(999'999'999).tv_sec, 0);
  assert_int_equal(to_timespec(5'000'000'001).tv_sec, 5);
  assert_int_equal(to_timespec(5'000'000'001).tv_nsec, 1);
}

void the_past_is_no_time_at_all(void**) {
  assert_int_equal(to_timespec(-1).tv_sec, 0);
  assert_int_equal(to_timespec(-1).tv_nsec, 0);
  assert_int_equal(to_timespec(INT64_MIN).tv_nsec, 0);
}

// For ever, nearly, where a time_t of 32 bits would make it a time of no meaning.
void far_times_are_cut_to_what_a_timespec_holds(void**) {
  const auto far = INT64_MAX / 2 / 1'000'000'000;
  const auto most = sizeof(time_t) == 4 ? std::int64_t{INT32_MAX} : far;
  assert_int_equal(static_cast<std::int64_t>(to_timespec(INT64_MAX / 2).tv_sec), most);
}

void a_wide_timespec_is_what_programs_with_64_bit_times_pass(void**) {
  assert_int_equal(sizeof(WideTimespec), 16);
  assert_int_equal(offsetof(WideTimespec, tv_nsec), 8);
}

void recent_is_the_same_clock_some_ticks_ago(void**) {
  constexpr std::int64_t TICKS_NS = 100'000'000;
  // It may lag where the machine under a virtual one has taken the processor away that keeps it.
  assert_true(atomrt::unit::eventually([] {
    const std::int64_t before = now_ns();
    const std::int64_t recent = recent_ns();
    assert_true(recent <= now_ns());
    return recent > before - TICKS_NS;
  }));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(recent_is_the_same_clock_some_ticks_ago), cmocka_unit_test(time_does_not_go_back), cmocka_unit_test(now_is_the_monotonic_clock_in_nanoseconds),
           cmocka_unit_test(a_timeout_has_no_negative_part_and_no_whole_second_in_nanoseconds),
           cmocka_unit_test(a_deadline_is_that_far_from_now), cmocka_unit_test(far_deadlines_do_not_overflow),
           cmocka_unit_test(a_slice_ends_with_the_wait_or_before),
           cmocka_unit_test(nanoseconds_become_a_timespec), cmocka_unit_test(the_past_is_no_time_at_all),
           cmocka_unit_test(far_times_are_cut_to_what_a_timespec_holds),
           cmocka_unit_test(a_wide_timespec_is_what_programs_with_64_bit_times_pass))
