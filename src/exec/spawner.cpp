// SPDX-License-Identifier: MIT
#include "exec/spawner.h"

#include "base/tuning.h"
#include "os/clock.h"
#include "os/thread.h"

namespace atomrt::exec {

void Spawner::enter(MayStart may_start) {
  const bool is_there = (life_.fetch_add(1, std::memory_order_seq_cst) & PRESENT) != 0;
  if (!is_there && may_start == MayStart::YES) make();
}

bool Spawner::enter_if_present() {
  enter(MayStart::NO);
  if (is_present()) return true;
  leave();
  return false;
}

// Several submitters may wait here; no other thread knows of their requests yet. If it can't be made, they do without.
void Spawner::make() {
  os::Locked locked(making_);
  if (is_present() || os::start_library_thread(run_thread, this) != 0) return;
  life_.fetch_or(PRESENT, std::memory_order_seq_cst);
}

// In a child that a handler has forked since then, there is nothing to take back, and no thread to wake.
void Spawner::leave() {
  std::uint32_t life = life_.load(std::memory_order_relaxed);
  do {
    if ((life & NEEDED) == 0) return;
  } while (!life_.compare_exchange_weak(life, life - 1, std::memory_order_seq_cst, std::memory_order_relaxed));
  if (life != (PRESENT | 1) || (wanted_.load(std::memory_order_seq_cst) & WITHOUT_END) == 0) return;
  wanted_.fetch_or(NOBODY_LEFT, std::memory_order_seq_cst);
  os::futex_wake(wanted_, 1);
}

bool Spawner::ask(MayStart may_start) {
  const Use use(*this, may_start);
  if (!is_present()) return false;
  if ((wanted_.fetch_or(ASKED, std::memory_order_seq_cst) & ASLEEP) != 0) os::futex_wake(wanted_, 1);
  return true;
}

void* Spawner::run_thread(void* self) {
  os::name_this_thread("atomrt-spawner");
  static_cast<Spawner*>(self)->work();
  return nullptr;
}

// While it is needed, it sleeps without a timeout, so that an idle process is left alone; but only after the idle time,
// as the thread that lowers the count to 0 has to wake it from that sleep.
void Spawner::work() {
  { os::Locked made(making_); }  // waits for PRESENT, before which it can't leave
  bool has_more = false;
  for (;;) {
    const bool is_asked = (wanted_.exchange(0, std::memory_order_seq_cst) & ASKED) != 0;
    if (is_asked || has_more) has_more = do_asked_(host_);
    if (!sleep(has_more ? tuning::SPAWN_RETRY_NS : idle_ns_.load(std::memory_order_relaxed)) || has_more) continue;
    if (retire()) return;
    sleep_while_needed();
  }
}

// True: the time is over, and no thread has asked.
bool Spawner::sleep(std::int64_t most_ns) {
  std::uint32_t awake = 0;
  if (!wanted_.compare_exchange_strong(awake, ASLEEP, std::memory_order_seq_cst)) return false;
  return os::futex_wait_until(wanted_, ASLEEP, os::now_ns() + most_ns) == ETIMEDOUT;
}

void Spawner::sleep_while_needed() {
  std::uint32_t asleep = ASLEEP;
  constexpr std::uint32_t HOW = ASLEEP | WITHOUT_END;
  if (!wanted_.compare_exchange_strong(asleep, HOW, std::memory_order_seq_cst)) return;
  if (is_needed()) os::futex_wait(wanted_, HOW);
}

// A thread that asks at this very moment finds no spawner, and makes the thread it needs itself: that is safe, as no
// request is in flight that needs the spawner.
bool Spawner::retire() {
  os::Locked locked(making_);
  std::uint32_t unneeded = PRESENT;
  if (!life_.compare_exchange_strong(unneeded, 0, std::memory_order_seq_cst)) return false;
  if ((wanted_.load(std::memory_order_seq_cst) & ASKED) == 0) return true;
  life_.fetch_or(PRESENT, std::memory_order_seq_cst);
  return false;
}

}  // namespace atomrt::exec
