// SPDX-License-Identifier: MIT
// reap: finishes direct requests whose completion is in the ring. Entered by any thread that looks at a request
// (aio_error, aio_return, aio_cancel, a waiter), also from signal handlers, by a submitter whose request was refused,
// and by the reaper.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Async-signal-safe. Does nothing in a vfork child, which runs in its parent's memory.
void reap(Engine& engine);

inline void reap_if_any(Engine& engine) {
  if (engine.direct.has_events()) reap(engine);
}

// Whether a look is worthwhile for that request alone: if a context has it, only that context's events can end it, and
// threads that wait for others look at theirs.
[[nodiscard]] inline bool has_events_for(Engine& engine, const struct aiocb* block) {
  const chain::Chain* chain = engine.registry.chains.at(aiocb::load_name(block).number);
  const bool is_in_context = chain != nullptr && place_of(*chain) == chain::Place::IN_AIO;
  return is_in_context ? engine.direct.of(*chain).has_events() : engine.direct.has_events();
}

// For exec::Host.
void settle_for(void* engine, chain::Chain& chain, long result, exec::By by);
void offer_leftover_for(void* engine, chain::Chain& chain);

// On a library thread: offers a chain (place MOVING) to the contexts after direct.
void offer_behind_direct(Engine& engine, chain::Chain& chain);
// Passes a chain (place MOVING) on, from a thread that may be in a signal handler and processes that context's events.
void hand_over(Engine& engine, exec::Direct& context, chain::Chain& chain);

}  // namespace atomrt::engine
