#include "engine/waiter.h"

#include "engine/take.h"
#include "exec/perform.h"
#include "os/signals.h"

namespace atomrt::engine {

namespace {

using chain::Chain;

// What runs in a thread that may be in a signal handler makes no thread: a released chain goes to a worker that exists,
// or is run here too.
void run(Engine& engine, Chain& first, os::KernelSignalSet application_mask) {
  const os::WriteSignals signals(application_mask);
  Chain* chain = &first;
  while (chain != nullptr) {
    const long result = exec::perform(*chain);
    if (chain->operation == chain::Operation::WRITE) signals.absorb(result);
    const chain::Released released =
        complete(engine, *chain, result, exec::ContextId::WAITER, Workers::MayStart::NO);
    chain = nullptr;
    for (Chain* next : released.chains) {
      if (next == nullptr || engine.workers.submit(*next, Workers::MayStart::NO) == exec::Verdict::ACCEPTED) continue;
      put(*next, chain::Place::RUNNING);
      if (chain == nullptr) {
        chain = next;
      } else {
        complete_and_offer(engine, *next, exec::perform(*next), exec::ContextId::WAITER);
      }
    }
  }
}

bool is_queued(const Engine& engine, const struct aiocb* block) {
  const Chain* chain = engine.registry.chains.at(aiocb::load_name(block).number);
  return chain != nullptr && place_of(*chain) == chain::Place::QUEUED;
}

}  // namespace

bool work_for(Engine& engine, const struct aiocb* block, bool reads_too) {
  if (!config().use_waiter) return false;
  const os::SignalBlock blocked;
  Chain* chain = take_for_waiter(engine, block, reads_too);
  if (chain == nullptr) return false;
  engine.workers.waiter_took_one(chain->fd);
  run(engine, *chain, blocked.saved());
  return true;
}

bool work_for_one(Engine& engine, const struct aiocb* const list[], int entries) {
  int waited_for = 0;
  for (int i = 0; i < entries; ++i) waited_for += list[i] != nullptr;
  // What a lane has let go comes before what it still holds: the older before the younger.
  for (const bool held_too : {false, true}) {
    for (int i = 0; i < entries; ++i) {
      if (list[i] == nullptr || (!held_too && !is_queued(engine, list[i]))) continue;
      if (work_for(engine, list[i], waited_for == 1)) return true;
    }
  }
  return false;
}

}  // namespace atomrt::engine
