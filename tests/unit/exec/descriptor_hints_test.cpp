// SPDX-License-Identifier: MIT
// DescriptorHints: each number has its own, whatever other numbers share its word with.
#include "exec/descriptor_hints.h"

#include "unit.h"

namespace {

using atomrt::exec::DescriptorHints;
using atomrt::exec::Hint;
using atomrt::unit::zeroed;

constexpr Hint ALL[] = {Hint::DIRECT, Hint::LATE, Hint::DRAINED, Hint::STORED, Hint::SENT, Hint::PIPED};
constexpr int NUMBERS[] = {0, 1, 3, 1023, 1024, 1027, 2051, (1 << 30) - 1};

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
  hints.put(1027, Hint::LATE, false);  // nothing to note
  hints.forget(1027);
  assert_true(hints.has(3, Hint::DIRECT));
  hints.put(1027, Hint::LATE, true);
  assert_true(hints.has(1027, Hint::LATE));
  assert_false(hints.has(1027, Hint::DIRECT));
  assert_false(has_any(hints, 3));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nothing_is_known_at_first), cmocka_unit_test(each_hint_is_put_and_taken_back),
           cmocka_unit_test(hints_of_one_number_stand_side_by_side),
           cmocka_unit_test(numbers_of_one_word_drive_each_other_out))
