// SPDX-License-Identifier: MIT
// Which locks of the library a thread holds: told by shadow/os/mutex.h.
#include <csignal>

#include "kernel/signals.h"
#include "machine/report.h"
#include "machine/scheduler.h"

using namespace schedule;

extern "C" void schedule_locked(const void* mutex) {
  if (!is_running()) return;
  Thread& thread = self();
  if ((thread.mask & bit_of(SIGUSR1)) == 0) fail("locks with signals unblocked: a handler would meet the lock");
  if (thread.lock_count == 8) fail("holds more locks than are looked after");
  thread.locks[thread.lock_count++] = mutex;
}

extern "C" void schedule_unlocks(const void* mutex) {
  if (!is_running()) return;
  Thread& thread = self();
  for (unsigned i = thread.lock_count; i > 0; --i) {
    if (thread.locks[i - 1] != mutex) continue;
    for (unsigned k = i; k < thread.lock_count; ++k) thread.locks[k - 1] = thread.locks[k];
    --thread.lock_count;
    return;
  }
  fail("unlocks what it has not locked");
}
