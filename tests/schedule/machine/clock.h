// SPDX-License-Identifier: MIT
// Clock: how much of each thread's past is known (a vector clock). What a thread does is numbered by its moments, and a
// moment is over when the thread tells somebody else: a release, a system call that wakes, the start of a thread.
#pragma once

#include <cstdint>
#include <cstring>

namespace schedule {

constexpr unsigned MOST_THREADS = 64;
// Whose past: everybody's up to a store of that number (fences of sequential consistency), the device's, a thread's.
constexpr unsigned EVERYBODY = 0;
constexpr unsigned DEVICE = 1;
constexpr unsigned whose(unsigned thread) { return thread + 1; }

class Clock {
 public:
  Clock() {}  // at_ is not initialised beyond count_
  Clock(const Clock& other) : count_(other.count_) { std::memcpy(at_, other.at_, count_ * sizeof at_[0]); }
  Clock& operator=(const Clock& other) {
    count_ = other.count_;
    std::memmove(at_, other.at_, count_ * sizeof at_[0]);
    return *this;
  }

  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] std::uint32_t of(unsigned whose_past) const { return whose_past < count_ ? at_[whose_past] : 0; }
  void set(unsigned whose_past, std::uint32_t moment) {
    while (count_ <= whose_past) at_[count_++] = 0;
    at_[whose_past] = moment;
  }
  void join(const Clock& other) {
    for (unsigned i = 0; i < other.count_; ++i) {
      if (other.at_[i] > of(i)) set(i, other.at_[i]);
    }
  }
  // Anything that is in both: a moment of `other` that is known here.
  [[nodiscard]] bool knows_one_of(const Clock& other) const {
    const unsigned most = count_ < other.count_ ? count_ : other.count_;
    for (unsigned i = 0; i < most; ++i) {
      if (other.at_[i] != 0 && other.at_[i] <= at_[i]) return true;
    }
    return false;
  }
  void clear() { count_ = 0; }

 private:
  unsigned count_ = 0;
  std::uint32_t at_[MOST_THREADS + 2];
};

// What a thread knows, and what it will know or tell by fences.
struct Knowledge {
  unsigned own = 0;  // whose moments its own are
  Clock known;
  Clock seen_relaxed;    // becomes known by a fence that acquires
  Clock before_a_fence;  // told by each store after a fence that released

  [[nodiscard]] std::uint32_t moment() const { return known.of(own); }
};

}  // namespace schedule
