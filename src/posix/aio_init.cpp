// aio_init (glibc): aio_threads limits the worker threads, aio_idle_time (seconds) says how long an idle one stays. Unlike
// glibc's it also works after the first request. ATOMRT_MAX_THREADS outranks it. aio_num is not needed.
#include "engine/engine.h"
#include "posix/export.h"

extern "C" void atomrt_aio_init(const struct aioinit* wishes) noexcept {
  if (wishes == nullptr) return;
  const int threads = wishes->aio_threads < 1 ? 1 : wishes->aio_threads;
  const int idle = wishes->aio_idle_time < 0 ? 0 : wishes->aio_idle_time;
  atomrt::engine::set_threads(static_cast<unsigned>(threads), static_cast<unsigned>(idle));
}
ATOMRT_EXPORT(aio_init);
