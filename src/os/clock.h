// SPDX-License-Identifier: MIT
// CLOCK_MONOTONIC (real: CLOCK_REALTIME) as nanoseconds, and the timespecs of POSIX calls. Async-signal-safe.
#pragma once

#include <cstdint>
#include <ctime>
#include <limits>

namespace atomrt::os {

constexpr std::int64_t NANOSECONDS_PER_SECOND = 1'000'000'000;

// A deadline that never comes.
constexpr std::int64_t NO_DEADLINE = -1;

// What programs with 64-bit times on 32-bit ABIs have as a timespec (-D_TIME_BITS=64; glibc's __timespec64, little
// endian).
struct WideTimespec {
  std::int64_t tv_sec;
  std::int32_t tv_nsec;
  std::int32_t padding;
};

inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

// The same to the kernel's last tick, some milliseconds ago: cheaper, and never a system call.
inline std::int64_t recent_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

// The processor time that a thread of this process has used; -1 where there is none of that number (gettid).
inline std::int64_t processor_ns(std::uint32_t thread) {
  constexpr std::uint32_t OF_A_THREAD = 6;  // what pthread_getcpuclockid makes of it: part of the kernel's ABI
  timespec used{};
  if (clock_gettime(static_cast<clockid_t>(~thread << 3 | OF_A_THREAD), &used) != 0) return -1;
  return used.tv_sec * NANOSECONDS_PER_SECOND + used.tv_nsec;
}

inline std::int64_t real_now_ns() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * NANOSECONDS_PER_SECOND + now.tv_nsec;
}

// POSIX: tv_nsec below zero or from a thousand million on is out of range; so is a negative time to wait.
template <typename Timespec = timespec>
bool is_valid_timeout(const Timespec& time) {
  return time.tv_sec >= 0 && time.tv_nsec >= 0 && time.tv_nsec < NANOSECONDS_PER_SECOND;
}

// The moment `time` from now; far times are cut to about 146 years.
template <typename Timespec = timespec>
std::int64_t deadline_after(const Timespec& time) {
  constexpr std::int64_t FAR = INT64_MAX / 2;
  if (time.tv_sec >= FAR / NANOSECONDS_PER_SECOND) return FAR;
  return now_ns() + time.tv_sec * NANOSECONDS_PER_SECOND + time.tv_nsec;
}

// One sleep of a wait up to `deadline_ns` (NO_DEADLINE: forever) that lasts no longer than most_ns at a time.
struct Slice {
  std::int64_t end_ns;
  bool is_last;  // the wait's time is up at its end
};
inline Slice slice_of(std::int64_t deadline_ns, std::int64_t most_ns) {
  const std::int64_t soon = now_ns() + most_ns;
  const bool is_last = deadline_ns != NO_DEADLINE && deadline_ns <= soon;
  return {is_last ? deadline_ns : soon, is_last};
}

// Cut to 68 years where time_t has 32 bits.
inline timespec to_timespec(std::int64_t ns) {
  constexpr std::int64_t MOST_SECONDS = std::numeric_limits<time_t>::max();
  if (ns < 0) ns = 0;
  timespec time{};
  const std::int64_t seconds = ns / NANOSECONDS_PER_SECOND;
  time.tv_sec = static_cast<time_t>(seconds < MOST_SECONDS ? seconds : MOST_SECONDS);
  time.tv_nsec = static_cast<long>(ns % NANOSECONDS_PER_SECOND);
  return time;
}

}  // namespace atomrt::os
