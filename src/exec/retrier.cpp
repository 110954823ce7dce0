// SPDX-License-Identifier: MIT
#include "exec/retrier.h"

#include "chain/finish.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;

namespace {

void sleep_for(std::int64_t ns) {
  const os::FutexWord nobody_wakes{0};
  os::futex_wait_until(nobody_wakes, 0, os::now_ns() + ns);
}

}  // namespace

void Retrier::start(void* engine, bool (*try_again)(void*, Chain&)) {
  engine_ = engine;
  try_again_ = try_again;
  sleepers_.start(true);
}

void Retrier::push_locked(Chain& chain) {
  chains_.push_back(chain);
  waiting_.fetch_add(1, std::memory_order_relaxed);
  bell_.fetch_add(1, std::memory_order_relaxed);
  if (!is_idle_) return;
  is_idle_ = false;
  os::futex_wake(bell_, 1);
}

void Retrier::add(Chain& chain) {
  os::Locked locked(mutex_);
  push_locked(chain);
}

bool Retrier::take_over(Chain& chain, std::uint32_t caller) {
  os::Locked locked(mutex_);
  if (served_ != Served::BY_THREAD) return false;
  caller_ = caller_ == 0 || caller_ == caller ? caller : SEVERAL;
  push_locked(chain);
  return true;
}

// False: somebody serves it already.
bool Retrier::become(Served served) {
  os::Locked locked(mutex_);
  if (served_ != Served::BY_NOBODY) return false;
  served_ = served;
  return true;
}

bool Retrier::be_ready() {
  if (!become(Served::BY_THREAD) || os::start_library_thread(run_thread, this) == 0) return true;
  os::Locked locked(mutex_);
  served_ = Served::BY_NOBODY;
  return false;
}

void Retrier::lend_thread() {
  if (!has_work() || !become(Served::BY_LENT)) return;
  [[maybe_unused]] const bool is_left = pass();
  os::Locked locked(mutex_);
  served_ = Served::BY_NOBODY;
}

void* Retrier::run_thread(void* self) {
  os::name_this_thread("atomrt-notify");
  Retrier& retrier = *static_cast<Retrier*>(self);
  os::sleep_exactly();
  while (retrier.await_work()) {
    retrier.give_moment();
    while (retrier.pass()) sleep_for(INTERVAL_NS);
  }
  return nullptr;
}

// While this thread sleeps the caller has a processor even where there is only one. Where others want it too, the
// caller may seem to sleep, and gets the next moment.
void Retrier::give_moment() {
  std::uint32_t caller;
  {
    os::Locked locked(mutex_);
    caller = caller_;
    caller_ = 0;
  }
  if (caller == 0) return;
  if (caller == SEVERAL) return sleep_for(MOMENT_NS);
  const std::int64_t before = os::processor_ns(caller);
  if (sleepers_.is_worthwhile()) {
    sleep_for(LOOK_NS);
    if (os::processor_ns(caller) == before) return;
  }
  sleep_for(MOMENT_NS);
  sleepers_.look_ended(os::processor_ns(caller) == before);
}

// False where none came for the idle time: the thread has been counted out under the same lock.
bool Retrier::await_work() {
  const std::int64_t end = os::now_ns() + idle_ns_.load(std::memory_order_relaxed);
  for (bool is_over = false;; is_over = os::now_ns() >= end) {
    std::uint32_t rung;
    {
      os::Locked locked(mutex_);
      is_idle_ = chains_.empty() && !is_over;
      if (!chains_.empty()) return true;
      if (is_over) {
        served_ = Served::BY_NOBODY;
        return false;
      }
      rung = bell_.load(std::memory_order_relaxed);
    }
    os::futex_wait_until(bell_, rung, end);
  }
}

// Tries each chain once, in order; after one that finds no room, others of its kind need not try. False when none is
// left.
bool Retrier::pass() {
  chain::ChainQueue batch{};
  chain::ChainQueue again{};
  {
    os::Locked locked(mutex_);
    while (Chain* chain = chains_.pop_front()) batch.push_back(*chain);
  }
  bool is_full[2] = {};
  while (Chain* chain = batch.pop_front()) {
    bool& full = is_full[needs_thread(*chain, chain->tail)];
    if (!full && try_again_(engine_, *chain)) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
    } else {
      full = true;
      again.push_back(*chain);
    }
  }
  os::Locked locked(mutex_);
  while (Chain* chain = chains_.pop_front()) again.push_back(*chain);
  chains_ = again;
  return !chains_.empty();
}

}  // namespace atomrt::exec
