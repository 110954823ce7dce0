// SPDX-License-Identifier: MIT
// notify: the trailing atom, once and without side effects on the request's result. No lock is held by the caller.
#pragma once

#include "chain/request.h"
#include "os/slot_pool.h"

namespace atomrt::chain {

// What a SIGEV_THREAD thread takes from its creator.
struct Notice : os::Slot {
  void (*function)(sigval);
  sigval value;
  void* pool;
};
using NoticePool = os::SlotPool<Notice, 64, 16384>;

// True when the notification went out, or never can (a signal number or thread that does not exist). False: nothing
// happened, try again (RLIMIT_SIGPENDING or RLIMIT_NPROC is used up).
[[nodiscard]] bool notify(NoticePool& notices, const Notification& notification);

}  // namespace atomrt::chain
