// SPDX-License-Identifier: MIT
// A futex wait that is a cancellation point, and what cleans up after one, however it is left: pthread_cancel,
// pthread_exit, or a handler's longjmp. The caller holds no lock.
#pragma once

#include <pthread.h>

#include "os/futex.h"

// glibc runs the routines that these push at longjmp, too, unlike those that the macros of <pthread.h> push. Programs
// that were compiled with glibc 2.2 called these.
extern "C" {
void _pthread_cleanup_push(_pthread_cleanup_buffer* buffer, void (*routine)(void*), void* argument) noexcept;
void _pthread_cleanup_pop(_pthread_cleanup_buffer* buffer, int execute) noexcept;
#ifdef __SANITIZE_ADDRESS__
void __asan_handle_no_return();
#endif
}

namespace atomrt::os {

// Runs a routine at the end of the scope, or when that is left for good. A handler that leaves it by longjmp may have
// interrupted the routine itself: the routine must bear being begun again at any instruction.
class [[nodiscard]] Cleanup {
 public:
  Cleanup(void (*routine)(void*), void* argument) : routine_(routine), argument_(argument) {
    _pthread_cleanup_push(&buffer_, leave, this);
  }
  ~Cleanup() {
    routine_(argument_);
    _pthread_cleanup_pop(&buffer_, 0);
  }
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;

 private:
  static void leave(void* self) {
    const Cleanup& cleanup = *static_cast<const Cleanup*>(self);
    cleanup.routine_(cleanup.argument_);
#ifdef __SANITIZE_ADDRESS__
    __asan_handle_no_return();  // a cancelled thread's frames end unseen
#endif
  }

  void (*routine_)(void*);
  void* argument_;
  _pthread_cleanup_buffer buffer_;
};

// A raw system call is no cancellation point, not even for a cancel already pending, so asynchronous cancellation is
// allowed while it lasts. All-zero: not allowed. The cleanup forbids again what it finds allowed.
class Cancellation {
 public:
  void allow() {
    is_allowed_ = true;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type_before_);  // acts on a cancel already pending
  }
  void forbid() {
    if (!is_allowed_) return;
    pthread_setcanceltype(type_before_, nullptr);
    is_allowed_ = false;
  }

 private:
  bool is_allowed_;
  int type_before_;
};
static_assert(PTHREAD_CANCEL_DEFERRED == 0);

// As futex_wait, or futex_wait_until where deadline_ns is not NO_DEADLINE.
inline int cancellable_wait(Cancellation& cancellation, const FutexWord& word, std::uint32_t value,
                            std::int64_t deadline_ns) {
  cancellation.allow();
  const int error = deadline_ns == NO_DEADLINE ? futex_wait(word, value) : futex_wait_until(word, value, deadline_ns);
  cancellation.forbid();
  return error;
}

}  // namespace atomrt::os
