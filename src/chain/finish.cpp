#include "chain/finish.h"

namespace atomrt::chain {
namespace {

void publish(const Request& request, long result) {
  if (request.group != nullptr && result < 0) request.group->fail();
  aiocb::store_result(request.block, result);
}

}  // namespace

Tail run_tail(Registry& registry, const Request& request, Tail tail) {
  if (tail == Tail::NOTIFY) {
    if (!notify(registry.notices, request.notification)) return Tail::NOTIFY;
    tail = Tail::COUNTDOWN;
  }
  Group* group = request.group;
  if (group == nullptr) return Tail::DONE;
  if (tail == Tail::COUNTDOWN) {
    if (!group->count_down()) return Tail::DONE;
    tail = Tail::NOTIFY_GROUP;
  }
  if (tail == Tail::NOTIFY_GROUP) {
    if (!notify(registry.notices, group->notification())) return Tail::NOTIFY_GROUP;
    group->complete();
    if (group->drop()) registry.groups.give(*group);
  }
  return Tail::DONE;
}

Tail finish_request(Registry& registry, const Request& request, long result) {
  publish(request, result);
  return run_tail(registry, request, Tail::NOTIFY);
}

Finished finish(Registry& registry, Chain& chain, long result) {
  registry.in_flight.leave(chain);  // from here on nobody gives it a hold
  Hold* hold = chain.hold;
  publish(chain, result);
  registry.waiters.publish(chain);
  const Released released = registry.lanes.leave(chain);
  return {released, hold, finish_tail(registry, chain)};
}

bool finish_tail(Registry& registry, Chain& chain) {
  chain.tail = run_tail(registry, chain, chain.tail);
  if (chain.tail != Tail::DONE) return false;
  recycle(registry.chains, chain);
  return true;
}

}  // namespace atomrt::chain
