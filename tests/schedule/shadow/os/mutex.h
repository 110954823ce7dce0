// SPDX-License-Identifier: MIT
// Found before src/os/mutex.h: the library's own mutex, which also tells the scheduler its holder.
#pragma once

#define Mutex UntoldMutex
#define Locked UntoldLocked
#include_next "os/mutex.h"
#undef Mutex
#undef Locked

extern "C" void schedule_locked(const void* mutex);
extern "C" void schedule_unlocks(const void* mutex);

namespace atomrt::os {

class Mutex : private UntoldMutex {
 public:
  void lock() {
    UntoldMutex::lock();
    schedule_locked(this);
  }
  void unlock() {
    schedule_unlocks(this);
    UntoldMutex::unlock();
  }
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
