// SPDX-License-Identifier: MIT
// The end of a chain, and what follows from it: the chains that it held back go to the contexts, and a notification
// that finds no room goes to the retrier.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Finishes a chain owned by the caller, counts it, and returns the chains it held back (place MOVING). A thread for its
// notification is left to the spawner. may_start: NO if the caller may be in a signal handler.
[[nodiscard]] chain::Released complete(Engine& engine, chain::Chain& chain, long result, exec::ContextId context,
                                       Workers::MayStart may_start = Workers::MayStart::YES);
// The same in the threads context, by one of its workers: it may make a notification's thread itself.
[[nodiscard]] chain::Released complete_on_worker(Engine& engine, chain::Chain& chain, long result);
// With ATOMRT_ORDER=calls: ends the chain that the caller got from InFlight::leave_turn, and those whose turn comes
// then.
[[nodiscard]] chain::Released end_turns(Engine& engine, chain::Chain& first);
// Like complete, for callers that run no chains: those released are offered to the contexts, and fail if all decline.
void complete_and_offer(Engine& engine, chain::Chain& chain, long result, exec::ContextId context);
// Offers a chain (place MOVING) to the contexts after `after` in turn; ACCEPTED, or DECLINED by all (place RUNNING).
// may_start: YES is for submitters.
[[nodiscard]] exec::Verdict offer(Engine& engine, chain::Chain& chain, exec::ContextId after = exec::ContextId::HEAD,
                                  exec::MayStart may_start = exec::MayStart::ASKS);
// Offers a released chain, or both that were released, and fails with EAGAIN what all decline.
void offer_or_fail(Engine& engine, chain::Chain& chain);
void offer_or_fail(Engine& engine, const chain::Released& released);

// Keeps a published chain whose notification found no room, or needs a thread, until it succeeds. Signals are blocked.
void retry_tail(Engine& engine, chain::Chain& chain, Workers::MayStart may_start = Workers::MayStart::YES);
// The same for a submitter whose request never became a chain: it becomes one that has only its tail left. Where there
// is no memory for that, the notification is lost.
void keep_tail(const chain::Request& request, chain::Tail tail);

}  // namespace atomrt::engine
