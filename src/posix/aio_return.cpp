// aio_return, aio_return64 (POSIX.1-2024): reads the aiocb only. Async-signal-safe.
#include "aiocb/fields.h"
#include "posix/export.h"

extern "C" ssize_t atomrt_aio_return(struct aiocb* block) noexcept { return atomrt::aiocb::load_return_value(block); }
ATOMRT_EXPORT(aio_return);

extern "C" ssize_t atomrt_aio_return64(struct aiocb64* block) noexcept {
  return atomrt::aiocb::load_return_value(reinterpret_cast<const struct aiocb*>(block));
}
ATOMRT_EXPORT(aio_return64);
