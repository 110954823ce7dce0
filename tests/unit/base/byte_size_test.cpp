// SPDX-License-Identifier: MIT
#include "base/byte_size.h"

#include "unit.h"

namespace {

using atomrt::base::parse_byte_size;

constexpr std::uint64_t LEAST = 1000, MOST = std::uint64_t{1} << 40;

void letters_are_powers_of_1024(void**) {
  const struct {
    const char* text;
    std::uint64_t bytes;
  } sizes[] = {{"1000", 1000},      {"0065536", 65536},   {"64K", 65536},
               {"3k", 3072},        {"2M", 2 << 20},      {"5g", std::uint64_t{5} << 30},
               {"1T", MOST},        {"1024G", MOST},      {"1099511627776", MOST}};
  for (const auto& size : sizes) {
    std::uint64_t bytes = 0;
    assert_true(parse_byte_size(size.text, LEAST, MOST, bytes));
    assert_int_equal(bytes, size.bytes);
  }
}

void anything_else_is_refused(void**) {
  for (const char* text : {"", "K", "-1", "+5000", " 5000", "5000 ", "64KB", "64Ki", "1.5M", "5000x", "1e6", "999", "0", "0G",
                           "1025G", "2T", "1099511627777", "18446744073709551616", "18446744073709556616",
                           "99999999999999999999999999", "18014398509481985K", "16777217T"}) {
    std::uint64_t bytes = 7;
    assert_false(parse_byte_size(text, LEAST, MOST, bytes));
    assert_int_equal(bytes, 7);
  }
  // Where the whole range is allowed.
  std::uint64_t bytes = 0;
  assert_true(parse_byte_size("18446744073709551615", 0, UINT64_MAX, bytes));
  assert_true(bytes == UINT64_MAX);
  assert_false(parse_byte_size("18446744073709551616", 0, UINT64_MAX, bytes));
  assert_false(parse_byte_size("18446744073709551619", 0, UINT64_MAX, bytes));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(letters_are_powers_of_1024), cmocka_unit_test(anything_else_is_refused))
