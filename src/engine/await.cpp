// SPDX-License-Identifier: MIT
#include "engine/await.h"

#include <pthread.h>

#include "base/tuning.h"
#include "os/cancellable_wait.h"
#include "os/signals.h"

namespace atomrt::engine {
namespace {

using exec::By;
using exec::Direct;

// After a stop (SIGSTOP, a debugger, the freezer) the kernel silently restarts such a sleep with its full original
// timeout. So a sleep with a deadline is cut into short slices: a stop delays its end by one slice at most.
os::Slice slice_in_kernel(std::int64_t deadline) {
  return deadline == os::NO_DEADLINE ? os::Slice{deadline, false} : os::slice_of(deadline, tuning::LEADER_NS);
}

// Signals are blocked except during the sleep itself, so a handler can run only there. A handler that waits leads
// meanwhile, and there is no leader when it returns: lead() at the beginning of each round takes the lead again.
Wake lead(Sleeper& sleeper, const Awaited& awaited, std::int64_t deadline) {
  Engine& engine = *sleeper.engine;
  Direct& context = *sleeper.context;
  const auto self = static_cast<Direct::Thread>(pthread_self());
  for (;;) {
    sleeper.leads = self;
    os::CompletionRing* const ring = context.lead(self, By::APPLICATION);
    if (ring == nullptr) return Wake::ELSEWHERE;
    context.process(By::APPLICATION);
    if (awaited.is_over(awaited.what)) return Wake::OVER;
    const Holders holders = awaited.holders(engine, awaited.what);
    if (!holders.is_one_context() || &engine.direct.only(holders.contexts) != &context) return Wake::ELSEWHERE;

    const os::Slice slice = slice_in_kernel(deadline);
    sleeper.cancellation.allow();
    const int error = os::wait_for_event(ring, sleeper.mask, slice.end_ns);
    sleeper.cancellation.forbid();
    if (error != EINTR && (error != ETIMEDOUT || !slice.is_last)) continue;
    context.process(By::APPLICATION);
    if (awaited.is_over(awaited.what)) return Wake::OVER;
    if (error == ETIMEDOUT) return Wake::TIMED_OUT;
    if (deadline != os::NO_DEADLINE || !os::all_handlers_restart(sleeper.mask)) return Wake::INTERRUPTED;
  }
}

// A sleep with periodic checks: the leader may be stuck in a handler.
Wake wait_a_while(Sleeper& sleeper, const os::FutexWord& word, std::int64_t deadline) {
  const os::Slice slice = os::slice_of(deadline, tuning::FOLLOWER_NS);
  const int error = os::cancellable_wait(sleeper.cancellation, word, os::QUIET, slice.end_ns);
  if (error == EINTR) {
    const bool goes_on = deadline == os::NO_DEADLINE && os::all_handlers_restart(os::block_signals(0));
    return goes_on ? Wake::LOOK : Wake::INTERRUPTED;
  }
  if (error != ETIMEDOUT) return Wake::LOOK;
  const os::SignalBlock blocked;
  sleeper.engine->direct.process(By::APPLICATION);
  return slice.is_last ? Wake::TIMED_OUT : Wake::LOOK;
}

Wake wait_for_others(Sleeper& sleeper, const os::FutexWord& word, std::int64_t deadline) {
  const int error = os::cancellable_wait(sleeper.cancellation, word, os::QUIET, deadline);
  return error == ETIMEDOUT ? Wake::TIMED_OUT : error == EINTR ? Wake::INTERRUPTED : Wake::LOOK;
}

Wake wait_beside_reapers(Sleeper& sleeper, exec::DirectContexts::Set contexts, const os::FutexWord& word,
                         std::int64_t deadline) {
  const os::KernelSignalSet mask = os::set_signal_mask(os::ALL_SIGNALS);
  if (sleeper.engine->direct.add_needs(contexts)) sleeper.needs = contexts;
  os::set_signal_mask(mask);
  if (sleeper.needs == 0) return wait_a_while(sleeper, word, deadline);
  sleeper.engine->direct.wake_reapers(contexts);
  return wait_for_others(sleeper, word, deadline);
}

Wake wait_behind_leader(Sleeper& sleeper, os::FutexWord& word, std::int64_t deadline) {
  {
    const os::SignalBlock blocked;
    if (!sleeper.context->follow(word)) return Wake::LOOK;
    sleeper.follows = &word;
  }
  return wait_a_while(sleeper, word, deadline);
}

}  // namespace

void Sleeper::let_go() {
  cancellation.forbid();
  if (needs == 0 && leads == 0 && follows == nullptr) return;
  const os::KernelSignalSet present = os::set_signal_mask(os::ALL_SIGNALS);
  engine->direct.drop_needs(needs);
  if (leads != 0) context->stop_leading(leads);
  if (follows != nullptr) context->stop_following(*follows);
  needs = 0;
  leads = 0;
  follows = nullptr;
  // A handler that does not come back has a mask of its own, which is the application's affair.
  os::set_signal_mask(is_masked && present == os::ALL_BLOCKED ? mask : present);
  is_masked = false;
}

Wake wait_in_kernel(Sleeper& sleeper, const Awaited& awaited, std::int64_t deadline) {
  if (!sleeper.engine->direct.has_requests()) return Wake::ELSEWHERE;
  sleeper.mask = os::set_signal_mask(os::ALL_SIGNALS);
  sleeper.is_masked = true;
  sleeper.context = awaited.first(*sleeper.engine, awaited.what);
  const Wake wake = sleeper.context != nullptr ? lead(sleeper, awaited, deadline) : Wake::ELSEWHERE;
  if (sleeper.context != nullptr) sleeper.context->stop_leading(sleeper.leads);
  sleeper.leads = 0;
  os::set_signal_mask(sleeper.mask);
  sleeper.is_masked = false;
  return wake;
}

Wake wait_on_futex(Sleeper& sleeper, const Awaited& awaited, os::FutexWord& word, std::int64_t deadline) {
  Engine& engine = *sleeper.engine;
  if (engine.keeps_call_order && !engine.direct.has_requests()) return wait_for_others(sleeper, word, deadline);
  // Asked even if the direct contexts have nothing yet: another thread may be about to give a request to the kernel,
  // and never look again. Where the order of the calls is kept, requests of other contexts may be done and parked until
  // direct ones before them end.
  const Holders holders = engine.keeps_call_order ? Holders{exec::DirectContexts::COMMON, true}
                                                  : awaited.holders(engine, awaited.what);
  if (holders.contexts == 0 && !holders.any_sending) {
    const bool looks = engine.direct.lacks_reaper();  // a sync may be held by requests that nobody looks at
    return looks ? wait_a_while(sleeper, word, deadline) : wait_for_others(sleeper, word, deadline);
  }
  Wake wake = Wake::LOOK;
  if (holders.any_sending) {
    wake = wait_a_while(sleeper, word, deadline);
  } else if (holders.is_one_context()) {
    sleeper.context = &engine.direct.only(holders.contexts);
    wake = wait_behind_leader(sleeper, word, deadline);
  } else {
    engine.direct.share(holders.contexts);
    wake = wait_beside_reapers(sleeper, holders.contexts, word, deadline);
  }
  sleeper.let_go();
  return wake;
}

}  // namespace atomrt::engine
