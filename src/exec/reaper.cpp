// SPDX-License-Identifier: MIT
#include "exec/reaper.h"

#include <pthread.h>

#include "base/tuning.h"
#include "exec/direct.h"
#include "os/clock.h"
#include "os/signals.h"
#include "os/thread.h"

namespace atomrt::exec {

void Reaper::wake() {
  if (bell_.load(std::memory_order_seq_cst) != AWAKE && bell_.exchange(AWAKE, std::memory_order_seq_cst) != AWAKE) {
    os::futex_wake(bell_, 1);
  }
}

void Reaper::wake_to_patrol() {
  std::uint32_t rests = RESTS;
  if (bell_.load(std::memory_order_seq_cst) == RESTS && bell_.compare_exchange_strong(rests, AWAKE)) {
    os::futex_wake(bell_, 1);
  }
}

void* Reaper::run_thread(void* direct) {
  os::name_this_thread("atomrt-reaper");
  Direct& context = *static_cast<Direct*>(direct);
  context.reaper_.thread_.came();
  context.reaper_.work(context);
  return nullptr;
}

void Reaper::work(Direct& direct) {
  const auto self = static_cast<std::uintptr_t>(pthread_self());
  const os::FutexWord nobody_wakes{0};
  bool was_needed = false;
  for (;;) {
    while (direct.offer_leftover()) {
    }
    if (direct.do_chores()) os::futex_wait_until(nobody_wakes, 0, os::now_ns() + tuning::CHORES_NS);
    if (direct.is_reaper_needed()) {
      lead(direct, self);
      was_needed = true;
      continue;
    }
    if (was_needed && lingers_.is_worthwhile()) {
      linger(direct, self, tuning::LINGER_NS);
      lingers_.look_ended(direct.is_reaper_needed());
    }
    was_needed = direct.is_reaper_needed();
    if (was_needed) continue;
    direct.stop_leading(self);
    if (direct.has_polls() && patrol(direct, self)) continue;
    if (rest(direct)) return;
  }
}

// One sleep: in the kernel as the leader; on the bell if another thread leads, or an application's thread is about to
// leave something to do. That thread, or the leader, may be stuck in a handler: then the timeout ends the sleep. The
// sleep in the kernel has a timeout, too, as the only request counted may have been a thread that looks at the ring.
void Reaper::lead(Direct& direct, std::uintptr_t self) {
  os::CompletionRing* const ring = direct.lead(self, By::LIBRARY);
  direct.process(By::LIBRARY);
  if (!direct.is_reaper_needed()) return;
  if (ring != nullptr && direct.may_sleep_in_kernel()) {
    os::wait_for_event(ring, os::LIBRARY_THREAD_SIGNALS, os::now_ns() + tuning::REAPER_SLEEP_NS);
    return;
  }
  bell_.store(RESTS, std::memory_order_seq_cst);
  if (direct.has_leftovers()) return;
  // A leader that stopped before the bell was set has rung for nobody.
  if (ring != nullptr ? direct.may_sleep_in_kernel() : direct.is_without_leader()) return;
  sleep_on_bell(RESTS, os::now_ns() + tuning::FOLLOWER_NS);
}

// A program that has one notifying request at a time needs the reaper again in a moment, and would have to wake it: so
// the reaper waits for the event as if it were needed already. What is left to it without an event is late by at most
// that time.
bool Reaper::linger(Direct& direct, std::uintptr_t self, std::int64_t most_ns) {
  os::CompletionRing* const ring = direct.linger(self);
  if (ring == nullptr) return false;
  os::wait_for_event(ring, os::LIBRARY_THREAD_SIGNALS, os::now_ns() + most_ns);
  direct.stop_leading(Direct::LINGERER);
  return true;
}

// Sleeps in the kernel as long as no application's thread has led since the last look. False: one leads all the time
// and no poll has come for a while, or none is left; a thread that changes that wakes the resting reaper.
bool Reaper::patrol(Direct& direct, std::uintptr_t self) {
  std::uint32_t seen_polls = direct.polls_made(), seen_leads = direct.leads_made();
  for (unsigned quiet = 0; quiet < tuning::QUIET_PATROLS;) {
    bell_.store(PATROLS, std::memory_order_seq_cst);
    if (direct.is_reaper_needed() || direct.has_leftovers()) return true;
    if (!direct.is_apart() || !direct.has_polls()) sleep_on_bell(PATROLS, os::now_ns() + tuning::PATROL_NS);
    if (direct.is_reaper_needed() || direct.has_leftovers()) return true;
    const std::uint32_t polls = direct.polls_made(), leads = direct.leads_made();
    const bool is_led = direct.is_led(), has_polls = direct.has_polls();
    const bool is_left_alone = direct.is_apart() || (polls == seen_polls && leads == seen_leads && !is_led);
    quiet = polls == seen_polls && (is_led || !has_polls) ? quiet + 1 : 0;
    seen_polls = polls;
    seen_leads = leads;
    if (!is_left_alone || !has_polls) continue;
    direct.process(By::LIBRARY);
    while (direct.has_polls() && direct.leads_made() == leads && linger(direct, self, tuning::REAPER_SLEEP_NS)) {
      direct.process(By::LIBRARY);
    }
    seen_polls = direct.polls_made();
  }
  return false;
}

// True: the context has been given back, and another reaper may be there already. Now and then it looks for events: a
// request may have to go on in another context, and perhaps no other thread looks.
bool Reaper::rest(Direct& direct) {
  bell_.store(RESTS, std::memory_order_seq_cst);
  if (direct.is_reaper_needed() || direct.has_leftovers() || (direct.has_polls() && !direct.is_led())) return false;
  const std::uint32_t processed = direct.processed_.load(std::memory_order_relaxed);
  const std::int64_t end = os::now_ns() + idle_ns_.load(std::memory_order_relaxed);
  for (;;) {
    const os::Slice slice = os::slice_of(end, tuning::REAPER_SLEEP_NS);
    if (os::futex_wait_until(bell_, RESTS, slice.end_ns) != ETIMEDOUT) return false;
    if (direct.has_events()) direct.process(By::LIBRARY);
    if (processed != direct.processed_.load(std::memory_order_relaxed)) return false;
    if (slice.is_last) return direct.give_back();
  }
}

}  // namespace atomrt::exec
