// SPDX-License-Identifier: MIT
#include "engine/list.h"

#include <pthread.h>

#include <cassert>

#include "engine/await.h"
#include "engine/complete.h"
#include "engine/relay.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

struct Held : Sleeper {
  chain::Group* group;  // null once this thread has dropped it
  bool has_slept;
};

void drop(Held& held) {
  chain::Group* const group = held.group;
  held.group = nullptr;
  if (group != nullptr && group->drop()) held.engine->registry.groups.give(*group);
}

// A handler may leave by longjmp at any instruction. After a sleep that is likely, so signals are blocked here.
void let_go(void* argument) {
  Held& held = *static_cast<Held*>(argument);
  held.let_go();
  if (!held.has_slept) return drop(held);
  const os::SignalBlock blocked;
  drop(held);
}

bool is_done(const void* group) { return static_cast<const chain::Group*>(group)->is_done(); }

// Direct requests of lists are all in the common context.
Holders holders_of_group(Engine&, const void* what) {
  const chain::Group& group = *static_cast<const chain::Group*>(what);
  if (!group.has_some_in_kernel()) return {0, true};
  return {exec::DirectContexts::COMMON, !group.has_all_in_kernel()};
}

exec::Direct* first_of_group(Engine& engine, const void* what) {
  return static_cast<const chain::Group*>(what)->has_some_in_kernel() ? &engine.direct.at(0) : nullptr;
}

int wait_until_done(Held& held) {
  chain::Group& group = *held.group;
  const Awaited awaited{&group, is_done, holders_of_group, first_of_group};
  pthread_testcancel();
  while (!group.is_done()) {
    held.has_slept = true;
    Wake wake = wait_in_kernel(held, awaited, os::NO_DEADLINE);
    if (wake == Wake::ELSEWHERE) {
      group.forget_poke();
      wake = wait_on_futex(held, awaited, group.done(), os::NO_DEADLINE);
    }
    if (wake == Wake::INTERRUPTED && !group.is_done()) return EINTR;
  }
  return group.has_failed() ? EIO : 0;
}

}  // namespace

int wait_for_group(Engine& engine, chain::Group& group) {
  Held held{};
  held.engine = &engine;
  held.group = &group;
  const os::Cleanup cleanup(let_go, &held);
  return wait_until_done(held);
}

namespace {

// The caller keeps the group until wait_for_group.
void close_own(chain::Group& group) {
  if (!group.count_down()) return;
  group.complete_by_caller();
  [[maybe_unused]] const bool is_last = group.drop();
  assert(!is_last);
}

}  // namespace

void close_group(Engine& engine, chain::Group& group) {
  if (group.waits()) return close_own(group);
  // A chain that has only the countdown left, like the list's last request.
  chain::Request nothing{};
  nothing.group = &group;
  if (is_anothers_turn(engine, group.notification()) && relay(engine, nothing, chain::Tail::COUNTDOWN)) return;
  const chain::Tail tail = run_callers_tail(engine.registry, nothing, chain::Tail::COUNTDOWN);
  if (tail == chain::Tail::DONE) return;
  const os::SignalBlock blocked;
  keep_tail(nothing, tail);
}

}  // namespace atomrt::engine
