#include "engine/list.h"

#include <pthread.h>

#include "os/cancellable_wait.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

struct Held {
  Engine* engine;
  chain::Group* group;
};

void let_go(void* argument) {
  const Held& held = *static_cast<Held*>(argument);
  if (held.group->drop()) held.engine->registry.groups.give(*held.group);
}

int wait_until_done(const chain::Group& group) {
  pthread_testcancel();
  while (!group.is_done()) {
    if (os::cancellable_wait(group.done(), 0, os::NO_DEADLINE) == EINTR && !group.is_done()) return EINTR;
  }
  return group.has_failed() ? EIO : 0;
}

}  // namespace

int wait_for_group(Engine& engine, chain::Group& group) {
  Held held{&engine, &group};
  int error;
  pthread_cleanup_push(let_go, &held);
  error = wait_until_done(group);
  pthread_cleanup_pop(1);
  return error;
}

void close_group(Engine& engine, chain::Group& group) {
  // A chain with nothing but the countdown left, as any last request of the list would have it.
  chain::Request nothing{};
  nothing.group = &group;
  const chain::Tail tail = run_tail(engine.registry, nothing, chain::Tail::COUNTDOWN);
  if (tail == chain::Tail::DONE) return;
  const os::SignalBlock blocked;
  chain::Chain* chain = chain::adopt(engine.registry.chains, nothing);
  if (chain == nullptr) return;
  chain->tail = tail;
  retry_tail(engine, *chain);
}

}  // namespace atomrt::engine
