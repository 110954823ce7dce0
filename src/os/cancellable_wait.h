// SPDX-License-Identifier: MIT
// A futex wait that is a cancellation point: a raw futex call is none, not even for a cancel already pending, so
// asynchronous cancellation is allowed for its length. The caller has pushed a cleanup handler
// (pthread_cleanup_push) and holds no lock.
#pragma once

#include <pthread.h>

#include "os/futex.h"

namespace atomrt::os {

// As futex_wait, or futex_wait_until where deadline_ns is not NO_DEADLINE.
inline int cancellable_wait(const FutexWord& word, std::uint32_t value, std::int64_t deadline_ns) {
  int old_type;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old_type);  // acts on a cancel already pending
  const int error = deadline_ns == NO_DEADLINE ? futex_wait(word, value) : futex_wait_until(word, value, deadline_ns);
  pthread_setcanceltype(old_type, nullptr);
  return error;
}

}  // namespace atomrt::os
