// SPDX-License-Identifier: MIT
#include "exec/retrier.h"

#include "chain/finish.h"
#include "os/thread.h"

namespace atomrt::exec {

using chain::Chain;

void Retrier::start(void* engine, bool (*try_again)(void*, Chain&)) {
  engine_ = engine;
  try_again_ = try_again;
}

void Retrier::add(Chain& chain) {
  os::Locked locked(mutex_);
  chains_.push_back(chain);
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

bool Retrier::become_thread() {
  os::Locked locked(mutex_);
  if (has_thread_ || chains_.empty()) return false;
  has_thread_ = true;
  return true;
}

bool Retrier::poke() {
  if (!has_work() || !become_thread()) return true;
  if (os::start_library_thread(run_thread, this) == 0) return true;
  os::Locked locked(mutex_);
  has_thread_ = false;
  return false;
}

void Retrier::lend_thread() {
  if (!become_thread() || !pass()) return;
  os::Locked locked(mutex_);
  has_thread_ = false;
}

void* Retrier::run_thread(void* self) {
  os::name_this_thread("atomrt-notify");
  const os::FutexWord nobody_wakes{0};
  while (static_cast<Retrier*>(self)->pass()) os::futex_wait_until(nobody_wakes, 0, os::now_ns() + INTERVAL_NS);
  return nullptr;
}

// Tries each chain once, in order; behind one that finds no room its like need not try. False when none was left, and
// the thread has been counted out under the same lock.
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
  const bool is_left = !chains_.empty();
  if (!is_left) has_thread_ = false;
  return is_left;
}

}  // namespace atomrt::exec
