// SPDX-License-Identifier: MIT
// aio_return, aio_return64 (POSIX.1-2024): reads the aiocb, after a look for what the kernel has completed where that
// says EINPROGRESS. Async-signal-safe.
#include "engine/reap.h"
#include "posix/export.h"

namespace {

ssize_t result_of(const struct aiocb* block) {
  if (atomrt::aiocb::load_error(block) == EINPROGRESS) {
    if (atomrt::engine::Engine* engine = atomrt::engine::running_engine()) atomrt::engine::reap_if_any(*engine);
  }
  return atomrt::aiocb::load_return_value(block);
}

}  // namespace

extern "C" ssize_t atomrt_aio_return(struct aiocb* block) noexcept { return result_of(block); }
ATOMRT_EXPORT(aio_return);

extern "C" ssize_t atomrt_aio_return64(struct aiocb64* block) noexcept {
  return result_of(reinterpret_cast<const struct aiocb*>(block));
}
ATOMRT_EXPORT(aio_return64);
