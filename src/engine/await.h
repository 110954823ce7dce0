// SPDX-License-Identifier: MIT
// await: how an application's thread sleeps until requests complete, in whatever context they are. If one direct
// context has all of them, the thread leads there and sleeps in the kernel; else it sleeps on a futex, and the reaper
// serves those that are direct. Async-signal-safe; a cancellation point.
#pragma once

#include <bit>

#include "engine/engine.h"
#include "os/cancellable_wait.h"

namespace atomrt::engine {

// Which contexts have the requests that are waited for: those of direct, and whether others have some.
struct Holders {
  exec::DirectContexts::Set contexts;
  bool any_other;
  bool any_sending = false;  // some are still SENDING, their submitter interrupted: look again soon

  // One direct context has all of them: the waiting thread may sleep in the kernel there.
  [[nodiscard]] bool is_one_context() const { return !any_other && std::has_single_bit(contexts); }
};

struct Awaited {
  const void* what;
  bool (*is_over)(const void* what);
  Holders (*holders)(Engine& engine, const void* what);  // with signals blocked where the order of the calls is kept
  // The direct context that has the first of them; null if another context has it. With signals blocked.
  exec::Direct* (*first)(Engine& engine, const void* what);
};

// What a sleeping thread holds in the direct contexts, and what it changed in its own state. Written with signals
// blocked, except for `cancellation`. Its owner has an os::Cleanup that calls let_go.
struct Sleeper {
  Engine* engine;
  os::Cancellation cancellation;
  exec::Direct* context;       // in which it leads or follows
  exec::Direct::Thread leads;  // 0: does not
  exec::DirectContexts::Set needs;
  bool is_masked;
  os::KernelSignalSet mask;  // the application's, where is_masked
  os::FutexWord* follows;

  void let_go();
};

enum class Wake : std::uint8_t { OVER, LOOK, TIMED_OUT, INTERRUPTED, ELSEWHERE };

// Sleeps as the leader until `awaited` is over. ELSEWHERE: other contexts have some of it, or another thread leads.
[[nodiscard]] Wake wait_in_kernel(Sleeper& sleeper, const Awaited& awaited, std::int64_t deadline);

// One sleep on a futex that is woken when `awaited` is over. LOOK: it may be over, or this thread may lead now.
[[nodiscard]] Wake wait_on_futex(Sleeper& sleeper, const Awaited& awaited, os::FutexWord& word, std::int64_t deadline);

}  // namespace atomrt::engine
