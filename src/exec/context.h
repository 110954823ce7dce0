// SPDX-License-Identifier: MIT
// What the contexts have in common: the verdict on a chain that is offered. How a finished chain is handed back is in
// host.h. A context is a class with
//     Verdict submit(chain::Chain&);   // place MOVING; ACCEPTED: it is the context's
//     bool take(chain::Chain&);        // takes back what has not begun, place RUNNING; false: it is begun or elsewhere
// They are tried in order of preference; see engine/complete.cpp, offer.
#pragma once

#include <concepts>

#include "chain/lane.h"

namespace atomrt::exec {

// READY: for a stream whose peer was to be polled for and is ready already: the caller owns the chain (place MOVING)
// and tries at once.
enum class Verdict : std::uint8_t { ACCEPTED, DECLINED, READY };

// Who makes a thread that a chain needs. NO: nobody, as the caller may be in a handler. ASKS: the spawner, which is
// asked. YES: the caller, a submitter (spawner.h).
enum class MayStart : std::uint8_t { NO, ASKS, YES };

// Where a request was completed. The order is that of the statistics.
enum class ContextId : std::uint8_t { HEAD, WAITER, DIRECT, RING, THREADS };
constexpr unsigned CONTEXTS = 5;
constexpr const char* CONTEXT_NAMES[CONTEXTS] = {"head", "waiter", "direct", "ring", "threads"};

template <typename T>
concept Context = requires(T context, chain::Chain& chain) {
  { context.submit(chain) } -> std::same_as<Verdict>;
  { context.take(chain) } -> std::same_as<bool>;
};

}  // namespace atomrt::exec
