// SPDX-License-Identifier: MIT
#include "engine/lone.h"

#include "engine/complete.h"
#include "engine/placing.h"

namespace atomrt::engine {
namespace {

using chain::Chain;
using chain::LoneTable;
using chain::Place;
using chain::Request;

// The lone chain of that descriptor, if there is one that nobody has begun: MOVING, owned by the caller.
Chain* move_out(Engine& engine, int fd) {
  chain::Registry& registry = engine.registry;
  return registry.lone.move_out(registry.chains, fd, LoneTable::Which::ANY, enter_lists(engine.registry));
}

// For a chain that was moved out (place MOVING): nobody seems to wait for it, so it goes to the contexts.
void go_on(Engine& engine, Chain& chain) {
  engine.workers.end_deferral(chain.fd);
  put(chain, Place::RUNNING);
  if (!find_lane(engine, chain)) return;
  put(chain, Place::MOVING);
  offer_or_fail(engine, chain);
}

auto goes_on(Engine& engine) {
  return [&engine](Chain& chain) { go_on(engine, chain); };
}

// It notifies nobody, and by experience the threads that wait for this descriptor's transfers run them. Signals are not
// blocked yet: in a child that a handler has forked all of the engine is 0, so no pointer in it is followed here.
bool may_be_left(const Engine& engine, const Request& request, exec::Hint needed) {
  return request.offset >= 0 && request.group == nullptr && !notifies(request) && config().use_waiter &&
         !engine.keeps_call_order && engine.workers.keeps_watch() &&
         engine.hints.is_enough(request.fd, exec::Score::TAKEN) && engine.hints.has(request.fd, needed);
}

// Flags that nobody has asked for are none.
bool may_leave_write(const Engine& engine, const Request& request) {
  return request.operation == chain::Operation::WRITE && !request.direct && !request.append &&
         may_be_left(engine, request, exec::Hint::DRAINED) && !engine.registry.lone.may_have(request.fd);
}

// No other thread has ever known of the chain.
Left give_back(Engine& engine, Chain& chain) {
  put(chain, Place::RUNNING);
  engine.registry.waiters.publish(chain);
  recycle(engine.registry.chains, chain);
  return Left::NOT;
}

Left leave(Engine& engine, const Request& request) {
  chain::Registry& registry = engine.registry;
  Chain* chain = chain::adopt(registry.chains, request, Place::LONE);
  if (chain == nullptr) return Left::NOT;
  if (may_append(request) && !registry.lone.begin_guess(registry.chains, *chain)) return give_back(engine, *chain);
  const aiocb::RequestName name = name_of(*chain);
  aiocb::store_name(request.block, name);
  const bool has_entered = registry.lone.enter(registry.chains, *chain);
  if (engine.is_started.load(std::memory_order_acquire) == 0) {
    registry.lone.withdraw(*chain);
    aiocb::store_result(request.block, -EAGAIN);
    return Left::REFUSED;
  }
  // seq_cst, like the entry: either this sees that the watch has ended, or the worker that ended it sees the chain.
  if (has_entered && engine.workers.keeps_watch()) return Left::TO_WAITER;
  const os::SignalBlock blocked;
  if (has_entered) {
    list_lone(engine, request.fd);
  } else if (claim(*chain, name.generation, Place::LONE, Place::MOVING)) {  // else a handler has waited for it already
    enter_lists(engine.registry)(*chain);
    go_on(engine, *chain);
  }
  return Left::TO_WAITER;
}

}  // namespace

void note_file(Engine& engine, const Request& request, const os::FileIdentity& identity) {
  const bool is_stored = request.is_local && request.kind == os::FileKind::POSITIONAL && !request.direct;
  if (request.operation == chain::Operation::READ) engine.hints.put(request.fd, exec::Hint::STORED, is_stored);
  if (request.operation != chain::Operation::WRITE) return;
  const bool no_head_does_it = !config().use_head || engine.refusing.contains(identity.device);
  engine.hints.put(request.fd, exec::Hint::DRAINED, is_stored && !request.append && no_head_does_it);
}

Left leave_write_unasked(Engine& engine, Request& request) {
  const chain::Registry& registry = engine.registry;
  if (!may_leave_write(engine, request) || registry.lanes.has_appends()) return Left::NOT;
  if (registry.lone.has_guess(registry.chains)) return Left::NOT;
  request.are_flags_guessed = true;
  const Left left = leave(engine, request);
  if (left == Left::NOT) request.are_flags_guessed = false;
  return left;
}

Left leave_write_to_waiter(Engine& engine, const Request& request) {
  return may_leave_write(engine, request) ? leave(engine, request) : Left::NOT;
}

Left leave_read_to_waiter(Engine& engine, const Request& request) {
  if (engine.registry.lone.may_have(request.fd)) {
    const os::SignalBlock blocked;
    list_lone(engine, request.fd);
    return Left::NOT;
  }
  // A request that has moved bytes can't be cancelled; a lone one must be cancellable.
  const bool fits = request.moved == 0 && !engine.registry.in_flight.may_have(request.fd) &&
                    may_be_left(engine, request, exec::Hint::STORED);
  return fits ? leave(engine, request) : Left::NOT;
}

// An aiocb with an old name, or a copied one, may name a chain that serves another aiocb.
Chain* take_lone(Engine& engine, const struct aiocb* block) {
  const aiocb::RequestName name = aiocb::load_name(block);
  Chain* chain = engine.registry.chains.at(name.number);
  if (chain == nullptr || !claim(*chain, name.generation, Place::LONE)) return nullptr;
  if (chain->block == block) return chain;
  if (!put_back_lone(engine, *chain)) send_on(engine, *chain);
  return nullptr;
}

// A worker that has ended the watch meanwhile relied on the thread that had the chain. The spot's lock orders the two.
bool put_back_lone(Engine& engine, Chain& chain) {
  const std::uint32_t generation = generation_of(chain);
  if (!engine.registry.lone.put_back(chain)) return false;
  return engine.workers.keeps_watch() || !claim(chain, generation, Place::LONE);
}

void send_on(Engine& engine, Chain& chain) {
  engine.registry.lone.list(chain, enter_lists(engine.registry));
  put(chain, Place::MOVING);
  go_on(engine, chain);
}

void list_lone(Engine& engine, int fd) {
  chain::Registry& registry = engine.registry;
  registry.sent.move_out(registry.chains, fd, enter_lists(registry));
  Chain* chain = move_out(engine, fd);
  if (chain != nullptr) go_on(engine, *chain);
}

Chain* list_or_take_lone(Engine& engine, int fd) {
  chain::Registry& registry = engine.registry;
  registry.sent.move_out(registry.chains, fd, enter_lists(registry));
  Chain* chain = move_out(engine, fd);
  if (chain != nullptr) put(*chain, Place::RUNNING);
  return chain;
}

void list_all_lone(Engine& engine) {
  chain::Registry& registry = engine.registry;
  registry.sent.move_all_out(registry.chains, enter_lists(registry));
  registry.lone.move_all_out(registry.chains, LoneTable::Which::ANY, enter_lists(engine.registry), goes_on(engine));
}

void list_old_lone(Engine& engine, bool all) {
  chain::Registry& registry = engine.registry;
  if (all) {
    registry.lone.move_all_out(registry.chains, LoneTable::Which::UNBEGUN, enter_lists(registry), goes_on(engine));
  } else {
    registry.lone.move_old_out(registry.chains, enter_lists(engine.registry), goes_on(engine));
  }
}

}  // namespace atomrt::engine
