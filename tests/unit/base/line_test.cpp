// SPDX-License-Identifier: MIT
// Line: numbers and widths, and what does not fit.
#include "base/line.h"

#include "unit.h"

namespace {

using atomrt::base::Line;

template <typename Add>
void expect(const char* expected, Add add) {
  Line<64> line{};
  add(line);
  assert_int_equal(line.view().size(), strlen(expected));
  assert_memory_equal(line.view().data(), expected, strlen(expected));
}

void numbers_are_decimal_and_right_in_their_columns(void**) {
  expect("0", [](auto& line) { line.add(std::uint64_t{0}); });
  expect("18446744073709551615", [](auto& line) { line.add(UINT64_MAX); });
  expect("   42|42", [](auto& line) { line.add(42, 5).add("|").add(42, 1); });
  expect("-1 -9223372036854775808", [](auto& line) { line.add_signed(-1).add(" ").add_signed(INT64_MIN); });
  expect("    -7", [](auto& line) { line.add_signed(-7, 6); });
}

void an_empty_view_adds_nothing(void**) {
  expect("ab", [](auto& line) { line.add("a").add(std::string_view()).add("b"); });
}

void addresses_are_hexadecimal(void**) {
  expect("0x0 0xffffffffffffffff", [](auto& line) { line.add_hex(0).add(" ").add_hex(UINT64_MAX); });
  expect("  0x1a", [](auto& line) { line.add_hex(26, 6); });
}

void times_are_seconds_with_three_digits_behind_the_point(void**) {
  expect("0.000 0.001 12.050", [](auto& line) {
    line.add_seconds(999'999).add(" ").add_seconds(1'000'000).add(" ").add_seconds(12'050'999'999);
  });
  expect("   0.000", [](auto& line) { line.add_seconds(-5, 8); });
}

void what_does_not_fit_is_left_out(void**) {
  Line<4> line{};
  line.add("ab").add(12345);
  assert_int_equal(line.room(), 0);
  assert_memory_equal(line.view().data(), "ab12", 4);
  line.add("x");
  assert_int_equal(line.view().size(), 4);
  line.clear();
  assert_int_equal(line.room(), 4);
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(numbers_are_decimal_and_right_in_their_columns),
           cmocka_unit_test(an_empty_view_adds_nothing), cmocka_unit_test(addresses_are_hexadecimal),
           cmocka_unit_test(times_are_seconds_with_three_digits_behind_the_point),
           cmocka_unit_test(what_does_not_fit_is_left_out))
