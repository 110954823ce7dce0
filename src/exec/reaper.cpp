// SPDX-License-Identifier: MIT
#include "exec/reaper.h"

#include <pthread.h>

#include "exec/direct.h"
#include "os/clock.h"
#include "os/signals.h"
#include "os/thread.h"

namespace atomrt::exec {

bool Reaper::ensure(Direct& direct) {
  if (is_present()) return true;
  os::Locked locked(making_);
  if (is_present()) return true;
  if (os::start_library_thread(run_thread, &direct) != 0) return false;
  created_.fetch_add(1, std::memory_order_relaxed);
  life_.store(1, std::memory_order_release);
  return true;
}

void Reaper::wake() {
  if (bell_.load(std::memory_order_seq_cst) == 1 && bell_.exchange(0, std::memory_order_seq_cst) == 1) {
    os::futex_wake(bell_, 1);
  }
}

void* Reaper::run_thread(void* direct) {
  os::name_this_thread("atomrt-reaper");
  Direct& context = *static_cast<Direct*>(direct);
  context.reaper_.work(context);
  return nullptr;
}

void Reaper::work(Direct& direct) {
  { os::Locked made(making_); }  // it may leave once it is said to be present
  const auto self = static_cast<std::uintptr_t>(pthread_self());
  bool was_needed = false;
  for (;;) {
    while (direct.offer_leftover()) {
    }
    direct.do_chores();
    if (direct.is_reaper_needed()) {
      lead(direct, self);
      was_needed = true;
      continue;
    }
    if (was_needed && lingers_.is_worthwhile()) linger(direct, self);
    was_needed = direct.is_reaper_needed();
    if (was_needed) continue;
    direct.stop_leading(self);
    if (rest(direct)) return;
  }
}

// One sleep: in the kernel as the leader; on the bell where another leads, or an application's thread is about to leave
// something to do. That thread, or the leader, may have gone astray in a handler: then the time ends it. So it ends the
// sleep in the kernel, as a thread that only looked was counted as a request.
void Reaper::lead(Direct& direct, std::uintptr_t self) {
  os::CompletionRing* const ring = direct.lead(self, By::LIBRARY);
  direct.process(By::LIBRARY);
  if (!direct.is_reaper_needed()) return;
  if (ring != nullptr && direct.may_sleep_in_kernel()) {
    os::wait_for_event(ring, os::LIBRARY_THREAD_SIGNALS, os::now_ns() + MOST_SLEEP_NS);
    return;
  }
  bell_.store(1, std::memory_order_seq_cst);
  if (direct.has_leftovers()) return;
  // A leader that stopped before the bell was set has rung in vain.
  if (ring != nullptr ? direct.may_sleep_in_kernel() : direct.is_without_leader()) return;
  os::futex_wait_until(bell_, 1, os::now_ns() + Direct::FOLLOWER_NS);
}

// Who announces one request at a time needs it again in a moment, and would have to wake it: it waits for the event as
// if it were needed already. What is left to it without an event comes late by at most that time.
void Reaper::linger(Direct& direct, std::uintptr_t self) {
  os::CompletionRing* const ring = direct.linger(self);
  if (ring == nullptr) return;
  os::wait_for_event(ring, os::LIBRARY_THREAD_SIGNALS, os::now_ns() + LINGER_NS);
  lingers_.look_ended(direct.is_reaper_needed());
  direct.stop_leading(Direct::LINGERER);
}

// True: the context has been given back, and another thread may be there already. Now and then it looks for what has
// come: it may have to go on elsewhere, and nobody else may be looking.
bool Reaper::rest(Direct& direct) {
  bell_.store(1, std::memory_order_seq_cst);
  if (direct.is_reaper_needed() || direct.has_leftovers()) return false;
  const std::uint32_t processed = direct.processed_.load(std::memory_order_relaxed);
  const std::int64_t end = os::now_ns() + idle_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const os::Slice slice = os::slice_of(end, LOOK_NS);
    if (os::futex_wait_until(bell_, 1, slice.end_ns) != ETIMEDOUT) return false;
    if (direct.has_events()) direct.process(By::LIBRARY);
    if (processed != direct.processed_.load(std::memory_order_relaxed)) return false;
    if (slice.is_last) return direct.give_back();
  }
}

}  // namespace atomrt::exec
