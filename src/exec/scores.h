// SPDX-License-Identifier: MIT
// Scores: what experience says of descriptors, one score for each entry (numbers that share an entry share the score).
// Written and read by any thread, relaxed: a wrong hint only costs speed.
#pragma once

#include <atomic>
#include <cstdint>

namespace atomrt::exec {

class Scores {
 public:
  void raise(int fd) {
    std::atomic<std::uint8_t>& score = scores_[index(fd)];
    const std::uint8_t present = score.load(std::memory_order_relaxed);
    if (present < ENOUGH) score.store(static_cast<std::uint8_t>(present + 1), std::memory_order_relaxed);
  }
  void end(int fd) { scores_[index(fd)].store(0, std::memory_order_relaxed); }
  [[nodiscard]] bool is_enough(int fd) const { return scores_[index(fd)].load(std::memory_order_relaxed) == ENOUGH; }

 private:
  static constexpr std::uint8_t ENOUGH = 4;
  static constexpr unsigned ENTRIES = 64;
  static unsigned index(int fd) { return static_cast<unsigned>(fd) % ENTRIES; }

  std::atomic<std::uint8_t> scores_[ENTRIES];
};

}  // namespace atomrt::exec
