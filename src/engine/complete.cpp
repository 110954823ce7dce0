// SPDX-License-Identifier: MIT
#include "engine/complete.h"

#include <cerrno>

#include "engine/hold.h"
#include "engine/observe.h"
#include "engine/policy.h"
#include "engine/reap.h"
#include "engine/stream.h"

namespace atomrt::engine {

namespace {

// The result of a chain that waits for its turn, kept in the offset, which is no longer needed.
void keep_result(chain::Chain& chain, long result) { chain.offset = result; }
long kept_result(const chain::Chain& chain) { return static_cast<long>(chain.offset); }

// Adds to the chains that the caller has released. They stay RUNNING until they are returned, as a thread that has a
// chain MOVING must take no lock of InFlight. When several chains of one descriptor end in turn, the first may release
// one of its order, and one of them a sync. There are more only if the number came to mean another file unseen: those
// are offered here.
void merge(Engine& engine, chain::Released& all, const chain::Released& released) {
  for (chain::Chain* chain : released.chains) {
    if (chain != nullptr) put(*chain, chain::Place::RUNNING);
  }
  for (unsigned i = 0; i < 2; ++i) {
    chain::Chain* const chain = released.chains[i];
    if (chain == nullptr) continue;
    if (all.chains[i] == nullptr) {
      all.chains[i] = chain;
    } else {
      put(*chain, chain::Place::MOVING);
      offer_or_fail(engine, *chain);
    }
  }
}

chain::Released moving(const chain::Released& released) {
  for (chain::Chain* chain : released.chains) {
    if (chain != nullptr) put(*chain, chain::Place::MOVING);
  }
  return released;
}

// One chain after the other: each may pass the turn to a parked one.
void end_turns(Engine& engine, chain::Chain& first, Workers::MayStart may_start, chain::Released& all) {
  for (chain::Chain* next = &first; next != nullptr;) {
    chain::Chain& chain = *next;
    if (needs_reaper(chain)) engine.direct.drop_need_of(chain);
    const bool is_counted = chain.is_counted;
    const chain::FinishedInTurn finished =
        finish_in_turn(engine.registry, chain, kept_result(chain), chain::Threads::LEFT);
    merge(engine, all, finished.released);
    if (!finished.is_over) retry_tail(engine, chain, may_start);
    if (is_counted) engine.spawner.leave();
    if (finished.hold != 0) drop_hold(engine, *engine.holds.at(finished.hold));
    next = finished.next;
  }
}

// The operation is done. The chain publishes and notifies when its turn comes; until then it is parked, without an
// owner.
chain::Released complete_in_turn(Engine& engine, chain::Chain& chain, long result, Workers::MayStart may_start) {
  chain::Released all{};
  merge(engine, all, engine.registry.lanes.end_operation(chain));
  keep_result(chain, result);
  if (!engine.registry.in_flight.has_turn(chain)) {
    // aio_cancel is about to return AIO_CANCELED, and the program may free the aiocb then: only the notification waits
    // for its turn.
    const bool is_cancelled = result == -ECANCELED;
    if (is_cancelled) publish_before_turn(engine.registry, chain, result);
    if (!is_cancelled || notifies(chain)) {
      engine.direct.need_for_parked(chain);
      if (!engine.registry.in_flight.await_turn(chain)) return moving(all);
    }
  }
  end_turns(engine, chain, may_start, all);
  return moving(all);
}

}  // namespace

chain::Released end_turns(Engine& engine, chain::Chain& first) {
  chain::Released all{};
  end_turns(engine, first, Workers::MayStart::YES, all);
  return moving(all);
}

namespace {

// A worker creates a notification's thread itself if another worker comes back to the queue, and if it owns no chain
// that anybody could wait for. False: the notification is left to the spawner.
bool make_thread_here(Engine& engine, chain::Chain& chain, const chain::Released& released) {
  const bool has_others = released.chains[0] != nullptr || released.chains[1] != nullptr;
  if (has_others || !needs_thread(chain, chain.tail) || !engine.workers.begin_absence()) return false;
  const bool is_over = finish_tail(engine.registry, chain);
  engine.workers.end_absence();
  return is_over;
}

chain::Released complete(Engine& engine, chain::Chain& chain, long result, exec::ContextId context,
                         Workers::MayStart may_start, bool is_worker) {
  put(chain, chain::Place::RUNNING);
  observe_done(engine, context, chain, result);
  if (chain.is_stream_counted) engine.streams.fetch_sub(1, std::memory_order_relaxed);
  if (engine.keeps_call_order) return complete_in_turn(engine, chain, result, may_start);
  if (needs_reaper(chain)) engine.direct.drop_need_of(chain);
  const bool is_counted = chain.is_counted;
  const chain::Finished finished = finish(engine.registry, chain, result, chain::Threads::LEFT);
  if (finished.hold != 0) drop_hold(engine, *engine.holds.at(finished.hold));
  const bool is_left = !finished.is_over && !(is_worker && make_thread_here(engine, chain, finished.released));
  if (is_left) retry_tail(engine, chain, may_start);
  if (is_counted) engine.spawner.leave();
  return finished.released;
}

}  // namespace

chain::Released complete(Engine& engine, chain::Chain& chain, long result, exec::ContextId context,
                         Workers::MayStart may_start) {
  return complete(engine, chain, result, context, may_start, false);
}

chain::Released complete_on_worker(Engine& engine, chain::Chain& chain, long result) {
  return complete(engine, chain, result, exec::ContextId::THREADS, Workers::MayStart::YES, true);
}

namespace {

// Adds those that all contexts decline to the list. While the first is offered the second is not MOVING: the offer may
// complete other chains, which takes locks that a thread waiting for a MOVING chain may hold.
void offer_released(Engine& engine, const chain::Released& released, chain::ChainQueue& declined) {
  if (released.chains[1] != nullptr) put(*released.chains[1], chain::Place::RUNNING);
  for (chain::Chain* next : released.chains) {
    if (next != nullptr && offer(engine, *next) == exec::Verdict::DECLINED) declined.push_back(*next);
  }
}

// A loop over a list, not a recursion: each chain that fails may release another one that fails.
void fail_declined(Engine& engine, chain::ChainQueue& declined) {
  while (chain::Chain* chain = declined.pop_front()) {
    offer_released(engine, complete(engine, *chain, -EAGAIN, exec::ContextId::THREADS), declined);
  }
}

}  // namespace

void complete_and_offer(Engine& engine, chain::Chain& chain, long result, exec::ContextId context) {
  offer_or_fail(engine, complete(engine, chain, result, context));
}

void offer_or_fail(Engine& engine, const chain::Released& released) {
  chain::ChainQueue declined{};
  offer_released(engine, released, declined);
  fail_declined(engine, declined);
}

void offer_or_fail(Engine& engine, chain::Chain& chain) { offer_or_fail(engine, chain::Released{{&chain, nullptr}}); }

exec::Verdict offer(Engine& engine, chain::Chain& chain, exec::ContextId after, exec::MayStart may_start) {
  if (after < exec::ContextId::DIRECT && is_for_poll(chain)) {
    const exec::Verdict verdict = poll_stream(engine, chain, exec::By::APPLICATION, may_start);
    if (verdict == exec::Verdict::ACCEPTED) return verdict;
    observe_declined(engine, exec::ContextId::DIRECT, chain);
  }
  if (after < exec::ContextId::DIRECT && is_for_direct(chain)) {
    if (engine.direct.submit(chain, may_start) == exec::Verdict::ACCEPTED) return exec::Verdict::ACCEPTED;
    observe_declined(engine, exec::ContextId::DIRECT, chain);
  }
  if (after < exec::ContextId::RING && is_for_ring(chain)) {
    if (may_start == exec::MayStart::YES) expect_threads(engine, chain, may_start);
    if (engine.ring.submit(chain, may_start) == exec::Verdict::ACCEPTED) return exec::Verdict::ACCEPTED;
    observe_declined(engine, exec::ContextId::RING, chain);
  }
  return engine.workers.submit(chain, may_start);
}

void retry_tail(Engine& engine, chain::Chain& chain, Workers::MayStart may_start) {
  engine.retrier.add(chain);
  if (!engine.spawner.ask(may_start)) nudge_threads(engine);
}

void keep_tail(const chain::Request& request, chain::Tail tail) {
  // Looked up again: a handler may have forked, and this may be the child, whose engine has not been started.
  Engine* const engine = engine::engine();
  chain::Chain* const chain = engine != nullptr ? adopt_tail(engine->registry.chains, request, tail) : nullptr;
  if (chain != nullptr) retry_tail(*engine, *chain);
}

}  // namespace atomrt::engine
