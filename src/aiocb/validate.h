// What POSIX and glibc refuse at once, before anything is queued. Pure: looks at its arguments only.
#pragma once

#include <aio.h>
#include <unistd.h>

#include <cerrno>

namespace atomrt::aiocb {

// sysconf(_SC_AIO_PRIO_DELTA_MAX) in glibc.
constexpr int MOST_PRIORITY_DELTA = 20;

// Each returns 0 or EINVAL.
int check_priority(int aio_reqprio);
int check_notification(const struct sigevent& event);
int check_sync_operation(int operation);
int check_list_mode(int mode, int entries);

}  // namespace atomrt::aiocb
