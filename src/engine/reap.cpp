// SPDX-License-Identifier: MIT
#include "engine/reap.h"

#include "engine/complete.h"
#include "engine/observe.h"
#include "engine/placing.h"
#include "engine/sent.h"
#include "engine/stream.h"
#include "exec/perform.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Place;
using exec::By;
using exec::ContextId;

void pass_on(Engine& engine, exec::Direct& context, Chain& chain, By by) {
  observe_declined(engine, ContextId::DIRECT, chain);
  put(chain, Place::MOVING);
  if (by == By::LIBRARY) {
    offer_leftover_for(&engine, chain);
  } else {
    hand_over(engine, context, chain);
  }
}

// The number of a late chain may mean another file by now. On a file server short results are final, and kernel AIO
// turns a short write into EIO: one plain call gives the true result. A socket can't be read at an offset.
bool is_late(const Chain& chain) { return chain.order == chain::Order::LATE; }

void refused(Engine& engine, exec::Direct& context, Chain& chain, long result, By by) {
  if (result == -EOPNOTSUPP) {
    engine.direct.avoid(chain);
    engine.hints.put(chain.fd, exec::Hint::LATE, false);
  }
  pass_on(engine, context, chain, by);
}

}  // namespace

// On a thread that may be in a signal handler: the reaper takes the chain, or a worker that exists. If there is
// neither, it is run here, as a last resort.
void hand_over(Engine& engine, exec::Direct& context, Chain& first) {
  chain::ChainQueue left{};
  left.push_back(first);
  while (Chain* chain = left.pop_front()) {
    if (context.leave_to_reaper(*chain)) continue;
    if (engine.workers.submit(*chain, Workers::MayStart::NO) == exec::Verdict::ACCEPTED) continue;
    assert(!is_stream_transfer(*chain));  // polls have their reaper
    put(*chain, Place::RUNNING);
    const os::WriteSignals signals(os::ALL_SIGNALS);
    const std::size_t moved_before = chain->moved;
    const long result = exec::perform(*chain);
    if (chain->operation == chain::Operation::WRITE) signals.absorb(result, moved_before);
    for (Chain* next : complete(engine, *chain, result, ContextId::WAITER, Workers::MayStart::NO).chains) {
      if (next != nullptr) left.push_back(*next);
    }
  }
}

void reap(Engine& engine) {
  if (own_engine() != &engine) return;
  const os::SignalBlock blocked;
  engine.direct.process(By::APPLICATION);
}

void settle_for(void* self, Chain& chain, long result, By by) {
  Engine& engine = *static_cast<Engine*>(self);
  exec::Direct& context = engine.direct.of(chain);
  engine.direct.drop_need_of(chain);
  const bool is_cut_short = exec::is_cut_short(bytes_left(chain), result);
  const bool is_other_file = result == -EIO || result == -ESPIPE;
  if (is_cut_short || exec::is_refusal(result) || is_other_file) list_sent(engine, chain);
  if (is_cut_short || exec::is_refusal(result) || (is_other_file && is_late(chain))) {
    if (!find_lane(engine, chain)) return;
    if (is_cut_short && has_file_on_storage(engine, chain)) {
      add_moved(chain, static_cast<std::size_t>(result));
      return pass_on(engine, context, chain, by);
    }
    const bool is_elsewhere = !is_cut_short && (result != -EIO || !has_file_on_storage(engine, chain));
    if (is_elsewhere) return refused(engine, context, chain, result, by);
  }
  const bool is_library = by == By::LIBRARY;
  const chain::Released released = complete(engine, chain, total(chain, result), ContextId::DIRECT,
                                            is_library ? Workers::MayStart::YES : Workers::MayStart::NO);
  if (is_library) return offer_or_fail(engine, released);
  for (Chain* next : released.chains) {
    if (next != nullptr) hand_over(engine, context, *next);
  }
}

void offer_leftover_for(void* self, Chain& chain) {
  Engine& engine = *static_cast<Engine*>(self);
  if (is_stream_transfer(chain)) return ready_for(&engine, chain, By::LIBRARY);
  offer_behind_direct(engine, chain);
}

void offer_behind_direct(Engine& engine, Chain& chain) {
  if (offer(engine, chain, ContextId::DIRECT) == exec::Verdict::ACCEPTED) return;
  complete_and_offer(engine, chain, -EAGAIN, ContextId::THREADS);
}

}  // namespace atomrt::engine
