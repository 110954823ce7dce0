// SPDX-License-Identifier: MIT
// aio_init (glibc): aio_threads limits the worker threads, aio_idle_time (seconds) says how long an idle one stays, 0
// leaves it as it is (as in glibc). Unlike glibc's it also works after the first request. ATOMRT_MAX_THREADS outranks
// it. aio_num is not needed.
#include "engine/engine.h"
#include "posix/export.h"

extern "C" void atomrt_aio_init(const struct aioinit* wishes) noexcept {
  if (wishes == nullptr) return;
  const unsigned threads = wishes->aio_threads < 1 ? 1 : static_cast<unsigned>(wishes->aio_threads);
  if (wishes->aio_idle_time <= 0) {
    atomrt::engine::set_threads(threads);
  } else {
    atomrt::engine::set_threads(threads, static_cast<unsigned>(wishes->aio_idle_time));
  }
}
ATOMRT_EXPORT(aio_init);
