// SPDX-License-Identifier: MIT
// DescriptorHints: each number has its own, whatever other numbers share its word with.
#include "exec/descriptor_hints.h"

#include "unit.h"

namespace {

using atomrt::exec::DescriptorHints;
using atomrt::exec::Hint;
using atomrt::exec::Score;
using atomrt::unit::zeroed;

constexpr Hint ALL[] = {Hint::DIRECT, Hint::LATE, Hint::DRAINED, Hint::STORED, Hint::SENT, Hint::PIPED};
constexpr Score SCORES[] = {Score::QUICK, Score::TAKEN};
constexpr int NUMBERS[] = {0, 1, 3, 1023, 2048, 2051, 4099, (1 << 30) - 1};

bool has_any(const DescriptorHints& hints, int fd) {
  bool any = false;
  for (const Hint hint : ALL) any |= hints.has(fd, hint);
  return any;
}

void nothing_is_known_at_first(void**) {
  const auto& hints = zeroed<DescriptorHints>();
  for (const int fd : NUMBERS) assert_false(has_any(hints, fd));
}

void each_hint_is_put_and_taken_back(void**) {
  auto& hints = zeroed<DescriptorHints>();
  for (const int fd : NUMBERS) {
    for (const Hint hint : ALL) {
      hints.put(fd, hint, true);
      for (const Hint other : ALL) assert_int_equal(hints.has(fd, other), other == hint);
      hints.put(fd, hint, false);
      assert_false(has_any(hints, fd));
    }
  }
}

void hints_of_one_number_stand_side_by_side(void**) {
  auto& hints = zeroed<DescriptorHints>();
  for (const Hint hint : ALL) hints.put(5, hint, true);
  hints.put(5, Hint::LATE, false);
  for (const Hint hint : ALL) assert_int_equal(hints.has(5, hint), hint != Hint::LATE);
  assert_false(has_any(hints, 6));
  hints.forget(5);
  assert_false(has_any(hints, 5));
}

void numbers_of_one_word_drive_each_other_out(void**) {
  auto& hints = zeroed<DescriptorHints>();
  hints.put(3, Hint::DIRECT, true);
  hints.put(2051, Hint::LATE, false);  // nothing to note
  hints.forget(2051);
  assert_true(hints.has(3, Hint::DIRECT));
  hints.put(2051, Hint::LATE, true);
  assert_true(hints.has(2051, Hint::LATE));
  assert_false(hints.has(2051, Hint::DIRECT));
  assert_false(has_any(hints, 3));
}

int raises_until_enough(DescriptorHints& hints, int fd, Score score) {
  int count = 0;
  for (; !hints.is_enough(fd, score) && count < 100; ++count) hints.raise(fd, score);
  return count;
}

void a_score_takes_several_raises_in_a_row(void**) {
  auto& hints = zeroed<DescriptorHints>();
  for (const int fd : NUMBERS) {
    for (const Score score : SCORES) {
      assert_false(hints.is_enough(fd, score));
      const int first = raises_until_enough(hints, fd, score);
      assert_in_range(first, 2, 16);
      for (int i = 0; i < 300; ++i) hints.raise(fd, score);
      assert_true(hints.is_enough(fd, score));
      hints.reset(fd, score);
      assert_false(hints.is_enough(fd, score));
      assert_int_equal(raises_until_enough(hints, fd, score), first);
      hints.reset(fd, score);
    }
  }
}

void scores_and_hints_leave_each_other_alone(void**) {
  auto& hints = zeroed<DescriptorHints>();
  for (const Hint hint : ALL) hints.put(5, hint, true);
  raises_until_enough(hints, 5, Score::QUICK);
  assert_false(hints.is_enough(5, Score::TAKEN));
  raises_until_enough(hints, 5, Score::TAKEN);
  hints.reset(5, Score::QUICK);
  assert_true(hints.is_enough(5, Score::TAKEN));
  for (const Hint hint : ALL) assert_true(hints.has(5, hint));
  for (const Hint hint : ALL) hints.put(5, hint, false);
  assert_true(hints.is_enough(5, Score::TAKEN));
  assert_false(hints.is_enough(6, Score::TAKEN));
}

void a_close_leaves_what_the_program_is_used_to_do(void**) {
  auto& hints = zeroed<DescriptorHints>();
  for (const Score score : SCORES) raises_until_enough(hints, 5, score);
  hints.forget(5);
  assert_false(hints.is_enough(5, Score::QUICK));
  assert_true(hints.is_enough(5, Score::TAKEN));
  hints.forget(2053);  // another number of that word
  assert_true(hints.is_enough(5, Score::TAKEN));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nothing_is_known_at_first), cmocka_unit_test(each_hint_is_put_and_taken_back),
           cmocka_unit_test(hints_of_one_number_stand_side_by_side),
           cmocka_unit_test(numbers_of_one_word_drive_each_other_out),
           cmocka_unit_test(a_score_takes_several_raises_in_a_row),
           cmocka_unit_test(scores_and_hints_leave_each_other_alone),
           cmocka_unit_test(a_close_leaves_what_the_program_is_used_to_do))
