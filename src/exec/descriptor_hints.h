// SPDX-License-Identifier: MIT
// DescriptorHints: what was last seen of descriptors, one word a number. A wrong hint only costs speed, as each context
// notices when it tries. Written and read by any thread, relaxed: of two concurrent writes one may be lost. Numbers
// that share a word evict each other. A close that the library sees clears the word.
#pragma once

#include <atomic>
#include <cstdint>

namespace atomrt::exec {

enum class Hint : std::uint32_t {
  DIRECT = 1,   // the descriptor had O_DIRECT when last examined
  LATE = 2,     // the same, and kernel AIO takes its transfers, so the next one may come late: see engine/placing.h
  DRAINED = 4,  // the head can't do its buffered writes: see engine/lone.h
  STORED = 8,   // a regular file on storage of this machine, without O_DIRECT: see engine/lone.h
  SENT = 16,    // as DIRECT, and no read has behaved like one without O_DIRECT: see engine/sent.h
  PIPED = 32,   // a stream that takes no offsets: a read at one would only fail
};

class DescriptorHints {
 public:
  [[nodiscard]] bool has(int fd, Hint hint) const {
    const std::uint32_t word = word_of(fd).load(std::memory_order_relaxed);
    return tag_in(word) == tag_of(fd) && (word & bit_of(hint)) != 0;
  }
  // Writes the shared word only if it changes.
  void put(int fd, Hint hint, bool holds) {
    std::atomic<std::uint32_t>& place = word_of(fd);
    const std::uint32_t present = place.load(std::memory_order_relaxed);
    const std::uint32_t others = tag_in(present) == tag_of(fd) ? present & BITS & ~bit_of(hint) : 0;
    const std::uint32_t next = tag_of(fd) | others | (holds ? bit_of(hint) : 0);
    if (next == present || (!holds && tag_in(present) != tag_of(fd))) return;
    place.store(next, std::memory_order_relaxed);
  }
  void forget(int fd) {
    std::atomic<std::uint32_t>& place = word_of(fd);
    const std::uint32_t present = place.load(std::memory_order_relaxed);
    if (present != 0 && tag_in(present) == tag_of(fd)) place.store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned ENTRIES = 1024;  // the kernel has up to 2^30 numbers: a tag has 21 bits
  static constexpr unsigned BITS_WIDE = 11;
  static constexpr std::uint32_t BITS = (1U << BITS_WIDE) - 1;

  static constexpr std::uint32_t bit_of(Hint hint) { return static_cast<std::uint32_t>(hint); }
  static constexpr std::uint32_t tag_in(std::uint32_t word) { return word & ~BITS; }
  // Never 0.
  static constexpr std::uint32_t tag_of(int fd) { return (static_cast<unsigned>(fd) / ENTRIES + 1) << BITS_WIDE; }
  [[nodiscard]] std::atomic<std::uint32_t>& word_of(int fd) { return words_[static_cast<unsigned>(fd) % ENTRIES]; }
  [[nodiscard]] const std::atomic<std::uint32_t>& word_of(int fd) const {
    return words_[static_cast<unsigned>(fd) % ENTRIES];
  }

  std::atomic<std::uint32_t> words_[ENTRIES];
};

}  // namespace atomrt::exec
