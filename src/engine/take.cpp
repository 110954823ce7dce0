// SPDX-License-Identifier: MIT
#include "engine/take.h"

namespace atomrt::engine {

using chain::Chain;
using chain::Place;
using chain::Visit;

Take take(Engine& engine, Chain& chain, TakeFor purpose) {
  const std::uint32_t generation = generation_of(chain);
  const bool to_run = purpose == TakeFor::RUN;
  for (;;) {
    switch (place_of(chain)) {
      // A request that the head has begun can't be cancelled.
      case Place::HELD:
        if (!to_run && moved_so_far(chain) > 0) return Take::LEFT;
        if (engine.registry.lanes.take_held(chain, to_run)) return Take::TAKEN;
        if (to_run) return Take::LEFT;
        break;
      case Place::QUEUED:
        if (!to_run && moved_so_far(chain) > 0) return Take::LEFT;
        if (engine.workers.take(chain)) return Take::TAKEN;
        if (to_run) return Take::LEFT;
        break;
      case Place::MAILED:
        if (!to_run && moved_so_far(chain) > 0) return Take::LEFT;
        if (engine.ring.take(chain)) return Take::TAKEN;
        if (to_run) return Take::LEFT;
        break;
      case Place::BLOCKED:
        if (to_run) return Take::LEFT;
        if (!claim(chain, generation, Place::BLOCKED)) break;
        if (chain.is_polled) engine.ring.forget(name_of(chain));
        return Take::TAKEN;
      case Place::POLLED:
        if (to_run) return Take::LEFT;
        if (!claim(chain, generation, Place::POLLED)) break;
        engine.direct.forget(chain);
        return Take::TAKEN;
      case Place::POLLED_APART:
        if (to_run) return Take::LEFT;
        if (!claim(chain, generation, Place::POLLED_APART)) break;
        engine.polls_apart.forget(chain);
        return Take::TAKEN;
      case Place::MOVING:
      case Place::ASKING:
      case Place::READY:
        return to_run ? Take::LEFT : Take::IS_MOVING;
      case Place::IN_SUBMIT:
      case Place::RUNNING:
      case Place::IN_RING:
      case Place::IN_AIO:
      case Place::POLLED_BEGUN:
      case Place::PARKED:
      case Place::ENDING:
      case Place::LONE:  // in no list
      case Place::SENDING:
      case Place::FREE:
        return Take::LEFT;
    }
  }
}

Chain* take_for_waiter(Engine& engine, const struct aiocb* block, bool reads_too) {
  Chain* taken = nullptr;
  chain::Registry& registry = engine.registry;
  registry.in_flight.with(registry.chains, aiocb::load_name(block), block, block->aio_fildes, [&](Chain& chain) {
    // In other places the chain has an owner, which may write its fields: only its place may be read here.
    const Place place = place_of(chain);
    if (place != Place::HELD && place != Place::QUEUED && place != Place::MAILED) return Visit::DONE;
    if (!chain.is_local || is_sync(chain.operation) || needs_thread(chain, chain.tail)) return Visit::DONE;
    const bool is_write = chain.operation == chain::Operation::WRITE && !chain.direct;
    const bool only_copies = chain.is_modest && chain.refuses_nowait;  // by experience
    if (!is_write && !reads_too && !only_copies) return Visit::DONE;
    if (take(engine, chain, TakeFor::RUN) == Take::TAKEN) taken = &chain;
    return Visit::DONE;
  });
  return taken;
}

}  // namespace atomrt::engine
