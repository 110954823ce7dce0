// SPDX-License-Identifier: MIT
// await: how a thread of the application sleeps for requests, whoever has them. Where the direct context has all of
// them it leads, and sleeps in the kernel; else on a futex, with the reaper at work while some of them are direct.
// Async-signal-safe; a cancellation point.
#pragma once

#include "engine/engine.h"
#include "os/cancellable_wait.h"

namespace atomrt::engine {

enum class Holder : std::uint8_t {
  OTHERS,  // the direct context has none of what is waited for
  SOME,    // it has some of it
  DIRECT,  // it has all of it
};

struct Awaited {
  const void* what;
  bool (*is_over)(const void* what);
  Holder (*holder)(Engine& engine, const void* what);  // with signals blocked where the order of the calls is kept
};

// What a sleeping thread has asked of the direct context, and changed of itself: with signals blocked, but for the
// cancellation. Its owner has an os::Cleanup that calls let_go.
struct Sleeper {
  Engine* engine;
  os::Cancellation cancellation;
  exec::Direct::Thread leads;  // 0: does not
  bool has_need;
  bool is_masked;
  os::KernelSignalSet mask;  // the application's, where is_masked
  os::FutexWord* follows;

  void let_go();
};

enum class Wake : std::uint8_t { OVER, LOOK, TIMED_OUT, INTERRUPTED, ELSEWHERE };

// As the leader, until it is over; ELSEWHERE: others have some of it, or another leads.
[[nodiscard]] Wake wait_in_kernel(Sleeper& sleeper, const Awaited& awaited, std::int64_t deadline);

// One sleep on a futex that is woken when it is over. LOOK: it may be, or this thread may lead now.
[[nodiscard]] Wake wait_on_futex(Sleeper& sleeper, const Awaited& awaited, os::FutexWord& word, std::int64_t deadline);

}  // namespace atomrt::engine
