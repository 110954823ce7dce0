// SPDX-License-Identifier: MIT
// What POSIX and glibc refuse at once, before anything is queued. Pure: looks at its arguments only.
#pragma once

#include <aio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace atomrt::aiocb {

// sysconf(_SC_AIO_PRIO_DELTA_MAX) in glibc.
constexpr int MOST_PRIORITY_DELTA = 20;

// Each returns 0 or EINVAL.
inline int check_priority(int aio_reqprio) {
  return aio_reqprio < 0 || aio_reqprio > MOST_PRIORITY_DELTA ? EINVAL : 0;
}
inline int check_notification(const struct sigevent& event) {
  switch (event.sigev_notify) {
    case SIGEV_SIGNAL:
    case SIGEV_NONE:
    case SIGEV_THREAD:
    case SIGEV_THREAD_ID:
      return 0;
    default:
      return EINVAL;
  }
}
int check_sync_operation(int operation);
int check_list_mode(int mode, int entries);

}  // namespace atomrt::aiocb
