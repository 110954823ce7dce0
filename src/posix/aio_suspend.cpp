// SPDX-License-Identifier: MIT
// aio_suspend, aio_suspend64 (POSIX.1-2024); __aio_suspend_time64, either of them to a 32-bit program whose time_t has
// 64 bits. Async-signal-safe; a cancellation point. Errors: EAGAIN (timeout), EINTR, EINVAL (tv_nsec out of range,
// negative count).
#include "engine/suspend.h"
#include "posix/export.h"

extern "C" int atomrt_aio_suspend(const struct aiocb* const list[], int entries, const struct timespec* timeout) {
  return atomrt::posix::report(atomrt::engine::suspend(list, entries, timeout));
}
ATOMRT_EXPORT(aio_suspend);

extern "C" int atomrt_aio_suspend64(const struct aiocb64* const list[], int entries, const struct timespec* timeout) {
  const auto* blocks = reinterpret_cast<const struct aiocb* const*>(list);
  return atomrt::posix::report(atomrt::engine::suspend(blocks, entries, timeout));
}
ATOMRT_EXPORT(aio_suspend64);

#if ATOMRT_HAS_TIME64
extern "C" int atomrt___aio_suspend_time64(const struct aiocb64* const list[], int entries,
                                           const atomrt::os::WideTimespec* timeout) {
  const auto* blocks = reinterpret_cast<const struct aiocb* const*>(list);
  return atomrt::posix::report(atomrt::engine::suspend_wide(blocks, entries, timeout));
}
ATOMRT_EXPORT_NEW(__aio_suspend_time64);
#endif
