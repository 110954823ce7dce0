// SPDX-License-Identifier: MIT
#include "engine/cancel.h"

#include "engine/complete.h"
#include "engine/lone.h"
#include "engine/predecessor.h"
#include "engine/reap.h"
#include "engine/take.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::Visit;

struct Tally {
  chain::ChainQueue taken;
  bool any_taken;
  bool any_left;
};

Visit tally(Engine& engine, Chain& chain, Tally& outcome) {
  switch (take(engine, chain, TakeFor::CANCEL)) {
    case Take::TAKEN:
      outcome.taken.push_back(chain);
      outcome.any_taken = true;
      return Visit::DONE;
    case Take::IS_MOVING:
      return Visit::AGAIN;
    case Take::LEFT:
      break;
  }
  if (is_published(chain)) return Visit::DONE;
  // A moment passes between the store of the result in the aiocb, which the program may have seen, and the end of
  // publish.
  if (place_of(chain) == chain::Place::ENDING) return Visit::AGAIN;
  outcome.any_left = true;
  return Visit::DONE;
}

// All are taken before the first is finished, so the end of one can't release another to run.
int settle(Engine& engine, Tally& outcome) {
  while (Chain* chain = outcome.taken.pop_front()) {
    chain::probe_cancelled(*chain);
    complete_and_offer(engine, *chain, -ECANCELED, exec::ContextId::THREADS);
  }
  if (outcome.any_left) return AIO_NOTCANCELED;
  return outcome.any_taken ? AIO_CANCELED : AIO_ALLDONE;
}

int cancel_own(int fd, const struct aiocb* block) {
  Engine* engine = running_engine();
  if (engine == nullptr) return AIO_ALLDONE;
  reap_if_any(*engine);
  const os::SignalBlock blocked;
  Tally outcome{};
  if (Chain* lone = take_lone(*engine, block)) {
    list_lone(*engine, lone->fd);
    outcome.taken.push_back(*lone);
    outcome.any_taken = true;
    return settle(*engine, outcome);
  }
  list_lone(*engine, fd);
  chain::Registry& registry = engine->registry;
  registry.in_flight.with(registry.chains, aiocb::load_name(block), block, fd,
                          [&](Chain& chain) { return tally(*engine, chain, outcome); });
  return settle(*engine, outcome);
}

int cancel_all_own(int fd) {
  Engine* engine = running_engine();
  if (engine != nullptr) reap_if_any(*engine);
  if (engine == nullptr || fd < 0) return AIO_ALLDONE;
  if (!may_have_unlisted(*engine, fd) && !engine->registry.in_flight.may_have(fd)) return AIO_ALLDONE;
  const os::SignalBlock blocked;
  Tally outcome{};
  Chain* const lone = list_or_take_lone(*engine, fd);
  if (lone != nullptr) {
    outcome.taken.push_back(*lone);
    outcome.any_taken = true;
  }
  engine->registry.in_flight.for_each(fd, [&](Chain& chain) {
    // One with a hold is of an earlier file under this number.
    return chain.hold == 0 && &chain != lone ? tally(*engine, chain, outcome) : Visit::DONE;
  });
  return settle(*engine, outcome);
}

}  // namespace

int cancel_one(int fd, const struct aiocb* block) {
  if (aiocb::load_error(block) != EINPROGRESS) return AIO_ALLDONE;
  const int own = cancel_own(fd, block);
  const bool is_foreign = own == AIO_ALLDONE && aiocb::load_error(block) == EINPROGRESS;
  return is_foreign ? cancel_in_predecessor(fd, block) : own;
}

int cancel_all(int fd) {
  const int own = cancel_all_own(fd);
  const int others = cancel_in_predecessor(fd, nullptr);
  if (own == AIO_NOTCANCELED || others == AIO_NOTCANCELED) return AIO_NOTCANCELED;
  return own == AIO_ALLDONE ? others : own;
}

}  // namespace atomrt::engine
