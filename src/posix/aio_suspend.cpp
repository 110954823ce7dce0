// aio_suspend, aio_suspend64 (POSIX.1-2024). Async-signal-safe; a cancellation point. Errors: EAGAIN (timeout), EINTR,
// EINVAL (tv_nsec out of range, negative count).
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
