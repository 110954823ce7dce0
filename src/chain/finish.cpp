// SPDX-License-Identifier: MIT
#include "chain/finish.h"

#include "os/signals.h"

namespace atomrt::chain {
namespace {

void publish(const Request& request, long result) {
  if (request.group != nullptr && result < 0) request.group->fail();
  aiocb::store_result(request.block, result);
}

// The same for a chain (place ENDING), with all that goes with it. tells: the waiters are woken by end_telling, which
// wants the watchers that this returns; else they are woken at once.
std::uint32_t publish(Registry& registry, Chain& chain, long result, bool tells) {
  if (tells) registry.waiters.begin_telling();
  registry.in_flight.end_knowledge(chain);
  probe_published(chain, result);
  publish(chain, result);
  if (tells) return registry.waiters.publish_and_tell(chain);
  registry.waiters.publish(chain);
  return 0;
}

void drop(Registry& registry, Group& group) {
  if (group.drop()) registry.groups.give(group);
}

// LIO_WAIT: the caller goes on when the request's notification is out, or has found no room: there may be none until
// the caller goes on. The group may be gone afterwards.
void release_caller(Registry& registry, Request& request) {
  Group* group = request.group;
  if (group == nullptr || !group->waits()) return;
  request.group = nullptr;
  if (!group->count_down()) return;
  group->complete();
  drop(registry, *group);
}

bool recycle_if_over(Registry& registry, Chain& chain) {
  if (chain.tail != Tail::DONE) return false;
  recycle(registry.chains, chain);
  return true;
}

Released leave_lane(Registry& registry, Chain& chain) {
  if (chain.order == Order::LATE && registry.latecomers.take(chain)) return {};
  return registry.lanes.leave(chain);
}

// If finish has left the notification, finish_tail ends the telling. The chain has left its lane: `watchers` is free.
void end_telling(Registry& registry, Chain& chain, std::uint32_t watchers, Threads threads) {
  const bool is_left = threads == Threads::LEFT && chain.tail == Tail::NOTIFY;
  chain.tells_late = is_left && chain.notification.by == NotifyBy::THREAD;
  if (chain.tells_late) {
    chain.watchers = watchers;
  } else {
    registry.waiters.end_telling(chain, watchers);
  }
}

}  // namespace

Tail run_tail(Registry& registry, Request& request, Tail tail, Threads threads) {
  const bool leaves_threads = threads == Threads::LEFT;
  if (tail == Tail::NOTIFY && request.notification.by == NotifyBy::THREAD && leaves_threads) return Tail::NOTIFY;
  const bool is_told = tail != Tail::NOTIFY || notify(registry.notices, request.notification);
  release_caller(registry, request);
  if (!is_told) return Tail::NOTIFY;
  if (tail == Tail::NOTIFY) probe_notified(request), tail = Tail::COUNTDOWN;
  Group* group = request.group;
  if (group == nullptr) return Tail::DONE;
  if (tail == Tail::COUNTDOWN) {
    if (!group->count_down()) return Tail::DONE;
    tail = Tail::NOTIFY_GROUP;
  }
  if (tail == Tail::NOTIFY_GROUP) {
    if (leaves_threads && group->notification().by == NotifyBy::THREAD) return Tail::NOTIFY_GROUP;
    if (!notify(registry.notices, group->notification())) return Tail::NOTIFY_GROUP;
    probe_list_notified(request, group->notification());
    drop(registry, *group);
  }
  return Tail::DONE;
}

Tail run_callers_tail(Registry& registry, Request& request, Tail tail) {
  if (!needs_thread(request, tail)) return run_tail(registry, request, tail);
  const os::SignalBlock blocked;
  return run_tail(registry, request, tail);
}

Tail finish_request(Registry& registry, Request& request, long result) {
  publish(request, result);
  if (request.group == nullptr && !notifies(request)) return Tail::DONE;
  return request.notification.is_left ? Tail::NOTIFY : run_callers_tail(registry, request, Tail::NOTIFY);
}

Finished finish(Registry& registry, Chain& chain, long result, Threads threads) {
  const bool tells = notifies(chain);
  put(chain, Place::ENDING);
  const std::uint32_t watchers = publish(registry, chain, result, tells);
  const bool was_listed = !registry.lone.leave(chain) && !registry.sent.leave(chain);
  if (was_listed) registry.in_flight.leave(chain);  // from here on nobody gives it a hold
  const std::uint16_t hold = chain.hold;
  const Released released = was_listed ? leave_lane(registry, chain) : Released{};
  chain.tail = run_tail(registry, chain, chain.tail, threads);
  if (tells) end_telling(registry, chain, watchers, threads);
  return {released, hold, recycle_if_over(registry, chain)};
}

void publish_before_turn(Registry& registry, Chain& chain, long result) {
  put(chain, Place::ENDING);
  publish(registry, chain, result, false);
  release_caller(registry, chain);
}

FinishedInTurn finish_in_turn(Registry& registry, Chain& chain, long result, Threads threads) {
  const bool is_published_already = is_published(chain);
  const bool tells = notifies(chain) && !is_published_already;
  std::uint32_t watchers = 0;
  if (place_of(chain) != Place::ENDING) put(chain, Place::ENDING);
  if (!is_published_already) watchers = publish(registry, chain, result, tells);
  chain.tail = run_tail(registry, chain, chain.tail, threads);
  Chain* const next = registry.in_flight.leave_turn(chain);
  const std::uint16_t hold = chain.hold;
  const Released released = leave_lane(registry, chain);  // last: what it releases must not wait for a lock
  if (tells) end_telling(registry, chain, watchers, threads);
  return {{released, hold, recycle_if_over(registry, chain)}, next};
}

bool finish_tail(Registry& registry, Chain& chain) {
  chain.tail = run_tail(registry, chain, chain.tail);
  if (chain.tells_late) {
    chain.tells_late = false;
    registry.waiters.end_telling(chain, chain.watchers);
  }
  return recycle_if_over(registry, chain);
}

}  // namespace atomrt::chain
