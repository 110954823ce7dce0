// SPDX-License-Identifier: MIT
// aio_error, aio_error64 (POSIX.1-2024): reads the aiocb; where that says EINPROGRESS, looks into memory for what the
// kernel has completed meanwhile. Async-signal-safe.
#include "engine/reap.h"
#include "posix/export.h"

namespace {

int error_of(const struct aiocb* block) {
  const int error = atomrt::aiocb::load_error(block);
  if (error != EINPROGRESS) return error;
  atomrt::engine::Engine* engine = atomrt::engine::running_engine();
  if (engine == nullptr) return error;
  if (atomrt::engine::has_events_for(*engine, block)) atomrt::engine::reap(*engine);
  return atomrt::aiocb::load_error(block);
}

}  // namespace

extern "C" int atomrt_aio_error(const struct aiocb* block) noexcept { return error_of(block); }
ATOMRT_EXPORT(aio_error);

extern "C" int atomrt_aio_error64(const struct aiocb64* block) noexcept {
  return error_of(reinterpret_cast<const struct aiocb*>(block));
}
ATOMRT_EXPORT(aio_error64);
