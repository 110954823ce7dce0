// SPDX-License-Identifier: MIT
// DescriptorHints: what was last seen of descriptors, one word a number. A wrong hint only costs speed, as each context
// notices when it tries. Written and read by any thread, relaxed: of two concurrent writes one may be lost. Numbers
// that share a word evict each other. A close that the library sees clears what is known of the file.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/tuning.h"

namespace atomrt::exec {

enum class Hint : std::uint32_t {
  DIRECT = 1,   // the descriptor had O_DIRECT when last examined
  LATE = 2,     // the same, and kernel AIO takes its transfers, so the next one may come late: see engine/placing.h
  DRAINED = 4,  // the head can't do its buffered writes: see engine/lone.h
  STORED = 8,   // a regular file on storage of this machine, without O_DIRECT: see engine/lone.h
  SENT = 16,    // as DIRECT, and no read has behaved like one without O_DIRECT: see engine/sent.h
  PIPED = 32,   // a stream that takes no offsets: a read at one would only fail
};

// What has to be seen several times in a row. The value is where its count begins in the word.
enum class Score : std::uint32_t {
  QUICK = 6,  // transfers only copy, where the file system can't tell beforehand: see exec/timed.h
  VAIN = QUICK,  // of what is PIPED, and never QUICK: reads find nothing when submitted: see engine/sent.h
  TAKEN = 9,  // the threads that wait for transfers run them. A close leaves it, as it is the program's habit
};

class DescriptorHints {
 public:
  static constexpr std::uint32_t ENOUGH = tuning::HABIT;

  [[nodiscard]] bool has(int fd, Hint hint) const { return (bits_of(fd) & bit_of(hint)) != 0; }
  void put(int fd, Hint hint, bool holds) {
    const std::uint32_t others = bits_of(fd) & ~bit_of(hint);
    store(fd, others | (holds ? bit_of(hint) : 0));
  }

  [[nodiscard]] bool is_enough(int fd, Score score) const { return count_in(bits_of(fd), score) == ENOUGH; }
  void raise(int fd, Score score) {
    const std::uint32_t bits = bits_of(fd);
    if (count_in(bits, score) < ENOUGH) store(fd, bits + (1U << begin_of(score)));
  }
  void reset(int fd, Score score) {
    store(fd, bits_of(fd) & ~mask_of(score));
  }

  // The number is about to mean another file, or none.
  void forget(int fd) { store(fd, bits_of(fd) & mask_of(Score::TAKEN)); }

 private:
  static constexpr unsigned ENTRIES = 2048;  // the kernel has up to 2^30 numbers: a tag has 20 bits
  static constexpr unsigned BITS_WIDE = 12;
  static constexpr std::uint32_t BITS = (1U << BITS_WIDE) - 1;
  static constexpr std::uint32_t COUNT = 7;

  static constexpr std::uint32_t bit_of(Hint hint) { return static_cast<std::uint32_t>(hint); }
  static constexpr std::uint32_t begin_of(Score score) { return static_cast<std::uint32_t>(score); }
  static constexpr std::uint32_t mask_of(Score score) { return COUNT << begin_of(score); }
  static constexpr std::uint32_t count_in(std::uint32_t bits, Score score) { return bits >> begin_of(score) & COUNT; }
  static constexpr std::uint32_t tag_in(std::uint32_t word) { return word & ~BITS; }
  // Never 0.
  static constexpr std::uint32_t tag_of(int fd) { return (static_cast<unsigned>(fd) / ENTRIES + 1) << BITS_WIDE; }
  [[nodiscard]] static unsigned index_of(int fd) { return static_cast<unsigned>(fd) % ENTRIES; }

  // 0 where the word is another number's.
  [[nodiscard]] std::uint32_t bits_of(int fd) const {
    const std::uint32_t word = words_[index_of(fd)].load(std::memory_order_relaxed);
    return tag_in(word) == tag_of(fd) ? word & BITS : 0;
  }
  // Writes the shared word only if it changes, and leaves another number's alone where there is nothing to note.
  void store(int fd, std::uint32_t bits) {
    if (bits == bits_of(fd)) return;
    words_[index_of(fd)].store(tag_of(fd) | bits, std::memory_order_relaxed);
  }

  std::atomic<std::uint32_t> words_[ENTRIES];
};

}  // namespace atomrt::exec
