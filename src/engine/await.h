// SPDX-License-Identifier: MIT
// await: how a thread of the application sleeps for requests, whoever has them. Where the direct context has all of
// them it leads, and sleeps in the kernel; else on a futex, with the reaper at work while some of them are direct.
// Async-signal-safe; a cancellation point.
#pragma once

#include <bit>

#include "engine/engine.h"
#include "os/cancellable_wait.h"

namespace atomrt::engine {

// Who has what is waited for: which contexts of direct, and whether others have some of it.
struct Holders {
  exec::DirectContexts::Set contexts;
  bool any_other;
  bool any_sending = false;  // some of it is not there yet, as its submitter has been interrupted: look again soon

  // One context has all of it: who waits may sleep in the kernel there.
  [[nodiscard]] bool is_one_context() const { return !any_other && std::has_single_bit(contexts); }
};

struct Awaited {
  const void* what;
  bool (*is_over)(const void* what);
  Holders (*holders)(Engine& engine, const void* what);  // with signals blocked where the order of the calls is kept
  // The context that has the first of it; null where others have that. With signals blocked.
  exec::Direct* (*first)(Engine& engine, const void* what);
};

// What a sleeping thread has asked of the direct context, and changed of itself: with signals blocked, but for the
// cancellation. Its owner has an os::Cleanup that calls let_go.
struct Sleeper {
  Engine* engine;
  os::Cancellation cancellation;
  exec::Direct* context;       // that it leads or follows in
  exec::Direct::Thread leads;  // 0: does not
  exec::DirectContexts::Set needs;
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
