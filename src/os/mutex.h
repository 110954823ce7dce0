// SPDX-License-Identifier: MIT
// Mutex: three states in one futex word (0 free, 1 held, 2 held and somebody sleeps). All-zero is free.
//
// Whoever locks one on an application's thread has blocked all signals first (SignalBlock): a handler that interrupts
// the library may call aio_suspend, which must never meet a lock held below it. lock's acquire pairs with unlock's
// release. In a child after fork the word is zero with the rest of the engine.
//
// No thread waits for what another one does (Patience) while it holds a lock: the other may need that very lock. Builds
// with assertions count the locks that a thread holds.
#pragma once

#include <cassert>

#include "base/tuning.h"
#include "os/futex.h"

namespace atomrt::os {

class Mutex {
 public:
  void lock() {
    take();
    note_locks_held(1);
  }

  void unlock() {
    note_locks_held(-1);
    if (word_.exchange(0, std::memory_order_release) == 2) futex_wake(word_, 1);
  }

 private:

  void take() {
    std::uint32_t expected = 0;
    if (word_.compare_exchange_strong(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
    // What a lock protects here takes tens of nanoseconds, a sleep and its wake-up microseconds: look again for a
    // moment, unless somebody sleeps already.
    for (int look = 0; look < tuning::MUTEX_LOOKS && expected != 2; ++look) {
      relax();
      expected = word_.load(std::memory_order_relaxed);
      if (expected != 0) continue;
      if (word_.compare_exchange_weak(expected, 1, std::memory_order_acquire, std::memory_order_relaxed)) return;
    }
    while (word_.exchange(2, std::memory_order_acquire) != 0) futex_wait(word_, 2);
  }

  FutexWord word_;
};

class [[nodiscard]] Locked {
 public:
  explicit Locked(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Locked() { mutex_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace atomrt::os
