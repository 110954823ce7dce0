// SPDX-License-Identifier: MIT
#include "engine/relay.h"

#include "os/signals.h"
#include "os/system_call.h"

namespace atomrt::engine {
namespace {

bool is_signal(const chain::Notification& notification) {
  return notification.by == chain::NotifyBy::SIGNAL || notification.by == chain::NotifyBy::SIGNAL_TO_THREAD;
}

}  // namespace

bool is_anothers_turn(Engine& engine, const chain::Notification& notification) {
  if (!is_signal(notification)) return false;
  if (engine.signals_of_callers.fetch_add(1, std::memory_order_relaxed) % EACH != 0) return false;
  const os::HandlerState state = os::handler_state(notification.signal);
  if (state != os::HandlerState::READY) return state == os::HandlerState::MAY_BE_RUNNING;
  const KeptSpawner made(engine, true);
  return false;
}

bool relay(Engine& engine, const chain::Request& request, chain::Tail tail) {
  const os::SignalBlock blocked;
  const KeptSpawner spawner(engine, true);  // starts the engine of a child that a handler has forked
  if (spawner.is_missing()) return false;
  chain::Chain* chain = chain::adopt_tail(engine.registry.chains, request, tail);
  if (chain == nullptr) return false;
  engine.retrier.add(*chain, static_cast<std::uint32_t>(os::system_call(SYS_gettid)));
  return engine.spawner.ask();
}

}  // namespace atomrt::engine
