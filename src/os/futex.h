// SPDX-License-Identifier: MIT
// Private futexes on words of the library's own memory. Async-signal-safe, no cancellation points.
#pragma once

#include <linux/futex.h>

#include <atomic>
#include <cassert>
#include <cstdint>

#include "base/tuning.h"
#include "os/clock.h"
#include "os/system_call.h"

namespace atomrt::os {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(sizeof(FutexWord) == 4);

#if defined(SYS_futex)
constexpr long FUTEX_CALL = SYS_futex;
#else
constexpr long FUTEX_CALL = SYS_futex_time64;
#endif

// What a thread of the application sleeps on, until somebody rings. All-zero is RUNG: a child that was forked by a
// handler in the middle of the sleep has that memory wiped, and goes on.
enum Bell : std::uint32_t {
  RUNG,
  QUIET,
  POKED,  // there may be something else to do
};

// Tells the processor that this is a loop that waits.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

// Sleeps as long as the word holds `value`. Returns 0, EAGAIN (word differed), EINTR (a handler without SA_RESTART
// ran).
inline int futex_wait(const FutexWord& word, std::uint32_t value) {
  return static_cast<int>(
      -system_call(FUTEX_CALL, &word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0));
}

// The same until a moment of CLOCK_MONOTONIC. Also returns ETIMEDOUT; EINTR after any handler (futex(2)). The kernel is
// given an absolute time: with a relative one, a stop of the process between the look at the clock and the sleep would
// move the end.
int futex_wait_until(const FutexWord& word, std::uint32_t value, std::int64_t deadline_ns);

// Sleeps until that moment, whatever handlers run meanwhile.
void sleep_until(std::int64_t deadline_ns);

// How many locks (Mutex) this thread holds, where assertions are on; else it is not counted.
#ifndef NDEBUG
inline constinit thread_local int locks_held [[gnu::tls_model("initial-exec")]] = 0;
inline void note_locks_held(int change) { locks_held += change; }
inline bool holds_no_lock() { return locks_held == 0; }
#else
inline void note_locks_held(int) {}
inline bool holds_no_lock() { return true; }
#endif

// For loops that look again and again while another thread is in the middle of a few instructions. This very thread may
// have preempted it there, by a real-time priority: then yielding does not let it go on, a sleep
// does.
class Patience {
 public:
  void wait() {
    assert(holds_no_lock());  // the other thread may need it to get on
    if (++turns_ % tuning::PATIENT_YIELDS != 0) {
      system_call(SYS_sched_yield);
    } else {
      const FutexWord nobody_wakes{0};
      futex_wait_until(nobody_wakes, 0, now_ns() + 50'000);
    }
  }

 private:
  unsigned turns_ = 0;
};

inline void futex_wake(const FutexWord& word, int waiters) {
  system_call(FUTEX_CALL, &word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, waiters, nullptr, nullptr, 0);
}

}  // namespace atomrt::os
