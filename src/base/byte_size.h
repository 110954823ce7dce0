// SPDX-License-Identifier: MIT
// byte_size: a number of bytes as people write it: 65536, 64K, 2G. The letters are powers of 1024. Async-signal-safe.
#pragma once

#include <cstdint>

namespace atomrt::base {

// False, and `bytes` stays, for anything but a decimal number with at most one of K, M, G, T after it, and for what is
// not in lowest..highest.
[[nodiscard]] constexpr bool parse_byte_size(const char* text, std::uint64_t lowest, std::uint64_t highest,
                                             std::uint64_t& bytes) {
  constexpr const char* LETTERS = "KMGT";
  std::uint64_t value = 0;
  if (*text < '0' || *text > '9') return false;
  for (; *text >= '0' && *text <= '9'; ++text) {
    const auto digit = static_cast<std::uint64_t>(*text - '0');
    if (digit > highest || value > (highest - digit) / 10) return false;
    value = value * 10 + digit;
  }
  if (*text != '\0') {
    unsigned power = 0;
    while (LETTERS[power] != '\0' && LETTERS[power] != *text && LETTERS[power] + ('a' - 'A') != *text) ++power;
    if (LETTERS[power] == '\0' || text[1] != '\0') return false;
    for (unsigned times = 0; times <= power; ++times) {
      if (value > highest / 1024) return false;
      value *= 1024;
    }
  }
  if (value < lowest || value > highest) return false;
  bytes = value;
  return true;
}

}  // namespace atomrt::base
