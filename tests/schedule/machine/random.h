// SPDX-License-Identifier: MIT
// Random: all choices of a run come from its seed (splitmix64).
#pragma once

#include <cstdint>

namespace schedule {

class Random {
 public:
  explicit Random(std::uint64_t seed = 0) : state_(seed * 0x9E3779B97F4A7C15ULL + 0x1234567) {}
  std::uint64_t next() {
    std::uint64_t word = state_ += 0x9E3779B97F4A7C15ULL;
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9ULL;
    word = (word ^ (word >> 27)) * 0x94D049BB133111EBULL;
    return word ^ (word >> 31);
  }
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
  }

 private:
  std::uint64_t state_;
};

}  // namespace schedule
