// aio_error, aio_error64 (POSIX.1-2024): reads the aiocb only. Async-signal-safe.
#include "aiocb/fields.h"
#include "posix/export.h"

extern "C" int atomrt_aio_error(const struct aiocb* block) noexcept { return atomrt::aiocb::load_error(block); }
ATOMRT_EXPORT(aio_error);

extern "C" int atomrt_aio_error64(const struct aiocb64* block) noexcept {
  return atomrt::aiocb::load_error(reinterpret_cast<const struct aiocb*>(block));
}
ATOMRT_EXPORT(aio_error64);
