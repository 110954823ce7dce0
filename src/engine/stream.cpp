// SPDX-License-Identifier: MIT
#include "engine/stream.h"

#include "base/tuning.h"
#include "engine/complete.h"
#include "engine/placing.h"
#include "engine/policy.h"
#include "engine/reap.h"
#include "engine/sent.h"
#include "exec/perform.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Place;
using exec::By;
using exec::ContextId;
using exec::Verdict;

// One try that does not wait; signals are blocked.
exec::Attempt try_now(Chain& chain) {
  if (chain.moved > 0) put(chain, Place::RUNNING);
  const int fd = descriptor_of(chain);
  if (chain.operation == chain::Operation::READ || chain.is_socket) return exec::attempt(chain, fd);
  const os::WriteSignals signals(os::ALL_SIGNALS);
  const std::size_t moved_before = chain.moved;
  const exec::Attempt tried = exec::attempt(chain, fd);
  if (tried.is_done()) signals.absorb(tried.result, moved_before);
  return tried;
}

// Only a library thread uses the second context, when the first has no room: an application's thread tries the ring.
Verdict poll_anywhere(Engine& engine, Chain& chain, By by, exec::MayStart may_start) {
  const Verdict verdict = engine.direct.poll(chain, may_start);
  if (verdict != Verdict::DECLINED || by == By::APPLICATION) return verdict;
  return engine.polls_apart.poll(chain, may_start);
}

enum class Went : std::uint8_t { OVER, WAITS, DECLINED };

// Tries, and has the kernel poll again where the peer is not ready. OVER: `released` is the caller's. Only so often in
// vain: another reader may take what was there between the poll and the try, but a writer that is told of room that is
// too little for its datagram would be told so again at once, for ever.
Went go_on(Engine& engine, Chain& chain, By by, exec::MayStart may_poll, chain::Released& released) {
  for (unsigned vain = 0; vain < tuning::VAIN_TRIES; ++vain) {
    const std::size_t moved = chain.moved;
    const exec::Attempt tried = try_now(chain);
    if (tried.outcome == exec::Outcome::CANNOT_ASK) return Went::DECLINED;
    if (tried.is_done()) {
      const auto may_start = by == By::LIBRARY ? Workers::MayStart::YES : Workers::MayStart::NO;
      released = complete(engine, chain, tried.result, ContextId::DIRECT, may_start);
      return Went::OVER;
    }
    if (chain.moved != moved) vain = 0;
    switch (poll_anywhere(engine, chain, by, may_poll)) {
      case Verdict::ACCEPTED:
        return Went::WAITS;
      case Verdict::DECLINED:
        return Went::DECLINED;
      case Verdict::READY:
        break;
    }
  }
  return Went::DECLINED;
}

// What was sent has no lane yet, and its file may not be what it seemed. False: its lane holds it, or it is over.
bool leave_sent(Engine& engine, Chain& chain) {
  if (chain.way.load(std::memory_order_relaxed) != chain::Way::SENT) return true;
  list_sent(engine, chain);
  return find_lane(engine, chain);
}

}  // namespace

Verdict poll_stream(Engine& engine, Chain& chain, By by, exec::MayStart may_start) {
  if (!config().use_direct) return Verdict::DECLINED;
  const Verdict verdict = poll_anywhere(engine, chain, by, may_start);
  if (verdict != Verdict::READY) return verdict;
  chain::Released released{};
  switch (go_on(engine, chain, by, may_start, released)) {
    case Went::OVER:
      offer_or_fail(engine, released);
      return Verdict::ACCEPTED;
    case Went::WAITS:
      return Verdict::ACCEPTED;
    case Went::DECLINED:
      return Verdict::DECLINED;
  }
  return Verdict::DECLINED;
}

void ready_for(void* self, Chain& first, By by) {
  Engine& engine = *static_cast<Engine*>(self);
  Chain* chain = &first;
  for (unsigned left = tuning::STREAM_CHAINS; chain != nullptr;) {
    const bool is_others = by == By::APPLICATION && (left == 0 || needs_thread(*chain, chain->tail));
    if (is_others) return hand_over(engine, engine.direct.at(0), *chain);
    chain::Released released{};
    if (go_on(engine, *chain, by, exec::MayStart::ASKS, released) == Went::DECLINED) {
      put(*chain, Place::MOVING);
      if (!leave_sent(engine, *chain)) return;
      if (by == By::APPLICATION) return hand_over(engine, engine.direct.at(0), *chain);
      return offer_behind_direct(engine, *chain);
    }
    chain = released.chains[0];  // a stream's lane has no sync to release
    if (by == By::APPLICATION) --left;
  }
}

}  // namespace atomrt::engine
