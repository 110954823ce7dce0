// SPDX-License-Identifier: MIT
#include "engine/take.h"

namespace atomrt::engine {

using chain::Chain;
using chain::Place;
using chain::Visit;

namespace {

// From a lane, a queue or a mailbox.
bool take_queued(Engine& engine, Chain& chain, Place place, bool to_run) {
  if (place == Place::HELD) return engine.registry.lanes.take_held(chain, to_run);
  return place == Place::QUEUED ? engine.workers.take(chain) : engine.ring.take(chain);
}

// From where it waits for its peer: nobody polls for it any longer.
bool take_blocked(Engine& engine, Chain& chain, std::uint32_t generation, Place place) {
  if (!claim(chain, generation, place)) return false;
  if (place == Place::POLLED) {
    engine.direct.forget(chain);
  } else if (place == Place::POLLED_APART) {
    engine.polls_apart.forget(chain);
  } else if (chain.is_polled) {
    engine.ring.forget(name_of(chain));
  }
  return true;
}

}  // namespace

Take take(Engine& engine, Chain& chain, TakeFor purpose) {
  const std::uint32_t generation = generation_of(chain);
  const bool to_run = purpose == TakeFor::RUN;
  for (;;) {
    const Place place = place_of(chain);
    switch (place) {
      case Place::HELD:
      case Place::QUEUED:
      case Place::MAILED:
        if (!to_run && moved_so_far(chain) > 0) return Take::LEFT;  // what the head has begun can't be cancelled
        if (take_queued(engine, chain, place, to_run)) return Take::TAKEN;
        if (to_run) return Take::LEFT;
        break;
      case Place::BLOCKED:
      case Place::POLLED:
      case Place::POLLED_APART:
        if (to_run) return Take::LEFT;
        if (take_blocked(engine, chain, generation, place)) return Take::TAKEN;
        break;
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
      case Place::SENDING_POLL:
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
