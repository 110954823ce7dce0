// SPDX-License-Identifier: MIT
#include "engine/submit_chain.h"

#include "engine/complete.h"
#include "engine/hold.h"
#include "engine/observe.h"
#include "engine/placing.h"
#include "engine/policy.h"
#include "engine/watchdog.h"
#include "os/signals.h"

namespace atomrt::engine {

using chain::Chain;
using chain::Request;
using exec::ContextId;
using exec::Descriptor;
using exec::Hint;

int refuse(const Request& request) {
  chain::probe_published(request, -EAGAIN);
  aiocb::store_result(request.block, -EAGAIN);
  return EAGAIN;
}

namespace {

// All contexts declined: as if the chain had never been.
int withdraw(Engine& engine, Chain& chain) {
  put(chain, chain::Place::RUNNING);
  Chain* next_turn = nullptr;
  if (engine.keeps_call_order) {
    next_turn = engine.registry.in_flight.leave_turn(chain);
  } else {
    engine.registry.in_flight.leave(chain);
  }
  engine.direct.drop_need_of(chain);
  const int error = refuse(chain);
  engine.registry.waiters.publish(chain);
  const chain::Released released = engine.registry.lanes.leave(chain);
  if (chain.is_stream_counted) engine.streams.fetch_sub(1, std::memory_order_relaxed);
  const std::uint16_t hold = chain.hold;
  if (chain.is_counted) engine.spawner.leave();
  recycle(engine.registry.chains, chain);
  if (hold != 0) drop_hold(engine, *engine.holds.at(hold));
  offer_or_fail(engine, released);
  if (next_turn != nullptr) offer_or_fail(engine, end_turns(engine, *next_turn));
  return error;
}

// A late chain that the kernel does not take enters its lane, and goes on like any other.
int go_on_late(Engine& engine, Chain& chain) {
  observe_declined(engine, ContextId::DIRECT, chain);
  engine.hints.put(chain.fd, Hint::LATE, false);
  put(chain, chain::Place::RUNNING);
  if (!find_lane(engine, chain)) return 0;
  put(chain, chain::Place::MOVING);
  const exec::Verdict verdict = offer(engine, chain, ContextId::DIRECT, exec::MayStart::YES);
  return verdict == exec::Verdict::ACCEPTED ? 0 : withdraw(engine, chain);
}

int submit_late(Engine& engine, Chain& chain) {
  enter_lists(engine.registry)(chain);
  return engine.direct.submit(chain) == exec::Verdict::ACCEPTED ? 0 : go_on_late(engine, chain);
}

int start_chain(Engine& engine, const Request& request, const Descriptor& descriptor) {
  poke_retrier(engine, exec::MayStart::YES);
  Chain* chain = chain::adopt(engine.registry.chains, request);
  if (chain == nullptr) return refuse(request);
  const bool is_for_kernel = !descriptor.is_identified || is_for_direct(*chain);
  const bool is_plain = chain->kind == os::FileKind::POSITIONAL && !is_sync(chain->operation);
  if (!is_plain || exec::is_announced(*chain)) {
    expect_threads(engine, *chain, exec::MayStart::YES);
  } else if (!is_for_kernel) {
    expect_threads(engine, *chain, exec::MayStart::NO);
  }
  aiocb::store_name(request.block, name_of(*chain));
  if (!descriptor.is_identified) return submit_late(engine, *chain);
  engine.registry.in_flight.enter(*chain, descriptor.flags, descriptor.identity);
  if (chain->append && engine.registry.lone.has_guess(engine.registry.chains)) place_all(engine);
  if (chain::order_of(*chain) == chain::Order::STREAM_READS) place_stream(engine);
  switch (enter_lane(engine, *chain, descriptor.identity)) {
    case chain::LaneTable::Entry::HELD_IN_CROWD:
      engine.workers.end_deferral(request.fd);
      engine.workers.ensure_one();
      return 0;
    case chain::LaneTable::Entry::HELD:
      engine.workers.ensure_one();
      return 0;
    case chain::LaneTable::Entry::NO_MEMORY:
      return withdraw(engine, *chain);
    case chain::LaneTable::Entry::GO:
      engine.direct.drop_need_of(*chain);
      break;
  }
  // An earlier one may have been left to a waiter.
  if (chain->order == chain::Order::NONE && !is_alone(*chain)) engine.workers.end_deferral(request.fd);
  const exec::Verdict verdict = offer(engine, *chain, ContextId::HEAD, exec::MayStart::YES);
  return verdict == exec::Verdict::ACCEPTED ? 0 : withdraw(engine, *chain);
}

}  // namespace

int submit_chain(const Request& request, const Descriptor& descriptor) {
  // In a child that a handler has forked the group's memory is zero.
  os::SignalStretch own;
  os::SignalStretch* const of_list = request.group != nullptr ? request.group->signals() : nullptr;
  (of_list != nullptr ? *of_list : own).block();
  // Looked up again: a handler may have forked, and this may be the child, whose engine has not been started.
  Engine* engine = engine::engine();
  if (engine == nullptr) return refuse(request);
  const int error = start_chain(*engine, request, descriptor);
  if (engine->has_watchdog) keep_watch(*engine);
  if (engine->statistics.enabled()) engine->statistics.note_threads(library_threads(*engine));
  return error;
}

int take_back_sent(Engine& engine, const Request& request, const Sending& sending) {
  const os::SignalBlock blocked;
  if (!is_in_process(engine, sending.process)) return refuse(request);
  put(*sending.chain, chain::Place::MOVING);
  if (is_stream_transfer(*sending.chain)) {
    engine.direct.at(0).end_poll(*sending.chain);
    expect_threads(engine, *sending.chain, exec::MayStart::YES);
  }
  list_sent(engine, *sending.chain);
  return go_on_late(engine, *sending.chain);
}

}  // namespace atomrt::engine
