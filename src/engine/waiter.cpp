// SPDX-License-Identifier: MIT
#include "engine/waiter.h"

#include <cerrno>

#include "base/tuning.h"
#include "engine/complete.h"
#include "engine/lone.h"
#include "engine/take.h"
#include "os/signals.h"

namespace atomrt::engine {

namespace {

using chain::Chain;

// A write that is released by the one before it is run in the same stint, up to a number of them and a time, as writes
// that only copy take: a thread that waits for one of many returns sooner than if it slept, and finds several done.
struct Stint {
  int left = tuning::STINT_CHAINS;
  std::int64_t end_ns = os::now_ns() + tuning::STINT_NS;

  bool takes(const Chain& chain) {
    return chain.is_local && chain.order == chain::Order::DRAINED_WRITES && !needs_thread(chain, chain.tail) &&
           --left > 0 && os::now_ns() < end_ns;
  }
};

// This may be a signal handler, so no thread is created: a released chain goes to a worker that exists, or is run here,
// too.
void run(Engine& engine, Chain& first, os::KernelSignalSet application_mask) {
  const os::WriteSignals signals(application_mask);
  Chain* chain = &first;
  Stint stint;
  while (chain != nullptr) {
    const std::size_t moved_before = chain->moved;
    note_runner(*chain);
    const long result = exec::perform_timed(*chain, engine.hints);
    if (chain->operation == chain::Operation::WRITE) signals.absorb(result, moved_before);
    const chain::Released released =
        complete(engine, *chain, result, exec::ContextId::WAITER, Workers::MayStart::NO);
    chain = nullptr;
    for (Chain* next : released.chains) {
      if (next == nullptr) continue;
      if (chain == nullptr && stint.takes(*next)) {
        put(*next, chain::Place::RUNNING);
        chain = next;
        continue;
      }
      if (engine.workers.submit(*next, Workers::MayStart::NO) == exec::Verdict::ACCEPTED) continue;
      put(*next, chain::Place::RUNNING);
      if (chain == nullptr) {
        chain = next;
      } else {
        complete_and_offer(engine, *next, exec::perform_timed(*next, engine.hints), exec::ContextId::WAITER);
      }
    }
  }
}

// A look without a lock, to see whether taking one is worthwhile.
bool seems_free(const Engine& engine, const struct aiocb* block, chain::Place place) {
  const Chain* chain = engine.registry.chains.at(aiocb::load_name(block).number);
  if (chain == nullptr || place_of(*chain) != place) return false;
  // In a crowd a worker runs the lane, and the waiter would only be in its way.
  return place != chain::Place::HELD || !is_crowded(*chain);
}

// False: the number means a stream by now, and the chain has gone on to where streams are served.
bool run_lone(Engine& engine, Chain& chain, os::KernelSignalSet application_mask) {
  engine.workers.waiter_took_one(chain.fd);
  note_runner(chain);
  const os::WriteSignals signals(application_mask);
  const std::size_t moved_before = chain.moved;
  const long result = exec::perform_timed(chain, engine.hints);
  signals.absorb(result, moved_before);
  if (result == -ESPIPE) {
    send_on(engine, chain);
    return false;
  }
  offer_or_fail(engine, complete(engine, chain, result, exec::ContextId::WAITER, Workers::MayStart::NO));
  return true;
}

}  // namespace

bool work_for(Engine& engine, const struct aiocb* block, bool reads_too) {
  if (!config().use_waiter) return false;
  const os::SignalBlock blocked;
  if (Chain* lone = take_lone(engine, block)) {
    const bool may_wait = reads_too || lone->operation != chain::Operation::READ;
    if (!may_wait && put_back_lone(engine, *lone)) return false;
    return run_lone(engine, *lone, blocked.saved());
  }
  Chain* chain = take_for_waiter(engine, block, reads_too);
  if (chain == nullptr) return false;
  engine.workers.waiter_took_one(chain->fd);
  run(engine, *chain, blocked.saved());
  return true;
}

bool work_for_one(Engine& engine, const struct aiocb* const list[], int entries) {
  int waited_for = 0;
  for (int i = 0; i < entries; ++i) waited_for += list[i] != nullptr;
  // What a lane has released comes before what it still holds: the older before the younger. A few tries each, as they
  // take locks that workers need.
  for (const chain::Place place : {chain::Place::LONE, chain::Place::QUEUED, chain::Place::HELD}) {
    int tries = 0;
    for (int i = 0; i < entries && tries < tuning::WAITER_TRIES; ++i) {
      if (list[i] == nullptr || !seems_free(engine, list[i], place)) continue;
      if (work_for(engine, list[i], waited_for == 1)) return true;
      ++tries;
    }
  }
  return false;
}

}  // namespace atomrt::engine
