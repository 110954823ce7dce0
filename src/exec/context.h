// SPDX-License-Identifier: MIT
// What the contexts have in common: the verdict on a chain that is offered, and how a finished chain is handed back. A
// context is a class with
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

// The engine's side of a finished chain. `complete` publishes and ends it; the chains it held back are returned for the
// caller to run or to offer.
struct Completion {
  void* engine;
  chain::Released (*complete)(void* engine, chain::Chain& chain, long result, ContextId context);
  void (*offer)(void* engine, chain::Chain& chain);  // a released chain that the caller does not run itself
  // A chain that this context will not do after all (place MOVING) goes to the contexts after it.
  void (*pass_on)(void* engine, chain::Chain& chain, ContextId from);
  void (*fail)(void* engine, chain::Chain& chain, int error);  // a chain that no thread will come for; place RUNNING
  // A stream request (place MOVING, or RUNNING with bytes moved) whose peer a worker found not ready. ACCEPTED: the
  // kernel polls for the peer, without a thread, or the request is over.
  Verdict (*poll)(void* engine, chain::Chain& chain);
  // Work that found no thread of its own: a library thread that is about to sleep does it.
  bool (*has_chores)(void* engine);
  void (*do_chores)(void* engine);
  // Sends to the contexts what is left to waiters (chain/lone.h) and has been lying since the last call, or all of it.
  void (*look_after_lone)(void* engine, bool all);
};

}  // namespace atomrt::exec
