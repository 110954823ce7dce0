// SPDX-License-Identifier: MIT
// The pauses of repeated output, from one start to the next, however long each output takes.
#pragma once

#include <cerrno>
#include <cstdint>
#include <ctime>

namespace atomrt::launcher {

class Interval {
 public:
  explicit Interval(std::int64_t ns) : ns_(ns) { clock_gettime(CLOCK_MONOTONIC, &next_); }

  void wait() {
    constexpr std::int64_t SECOND = 1'000'000'000;
    const std::int64_t nanoseconds = next_.tv_nsec + ns_ % SECOND;
    next_.tv_sec += static_cast<time_t>(ns_ / SECOND + nanoseconds / SECOND);
    next_.tv_nsec = static_cast<long>(nanoseconds % SECOND);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next_, nullptr) == EINTR) {
    }
  }

 private:
  std::int64_t ns_;
  timespec next_{};
};

}  // namespace atomrt::launcher
