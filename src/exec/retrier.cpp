// SPDX-License-Identifier: MIT
#include "exec/retrier.h"

#include "base/tuning.h"
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

void Retrier::add(Chain& chain, std::uint32_t relayed_by) {
  os::Locked locked(mutex_);
  if (relayed_by != 0) caller_ = caller_ == 0 || caller_ == relayed_by ? relayed_by : SEVERAL;
  chains_.push_back(chain);
  waiting_.fetch_add(1, std::memory_order_relaxed);
}

bool Retrier::serve() {
  if (!has_work()) return false;
  {
    os::Locked locked(mutex_);
    if (is_served_) return true;
    is_served_ = true;
  }
  give_moment();
  pass();
  os::Locked locked(mutex_);
  is_served_ = false;
  return !chains_.empty();
}

// While this thread sleeps, the caller can run even if there is only one processor. If others want it too, the caller
// may seem to sleep; then it gets its time in the next moment.
void Retrier::give_moment() {
  std::uint32_t caller;
  {
    os::Locked locked(mutex_);
    caller = caller_;
    caller_ = 0;
  }
  if (caller == 0) return;
  const os::ExactSleeps exactly;
  if (caller == SEVERAL) return sleep_for(MOMENT_NS);
  const std::int64_t before = os::processor_ns(caller);
  if (sleepers_.is_worthwhile()) {
    sleep_for(tuning::RELAY_LOOK_NS);
    if (os::processor_ns(caller) == before) return;
  }
  sleep_for(MOMENT_NS);
  sleepers_.look_ended(os::processor_ns(caller) == before);
}

// Tries each chain once, in order. After one that finds no room, others that want the same are skipped, unless a thread
// waits for them. A thread may be refused to one alone, whose attributes ask for more than there is: it goes behind the
// others, so that it holds them up for one pass.
void Retrier::pass() {
  chain::ChainQueue batch{};
  chain::ChainQueue again{};
  chain::ChainQueue refused{};
  {
    os::Locked locked(mutex_);
    while (Chain* chain = chains_.pop_front()) batch.push_back(*chain);
  }
  bool is_full[2] = {};
  while (Chain* chain = batch.pop_front()) {
    const bool is_tried = !is_full[is_thread_next(*chain, chain->tail)] || chain->tells_late;
    if (is_tried && try_again_(engine_, *chain)) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      continue;
    }
    const bool wants_thread = is_thread_next(*chain, chain->tail);  // its signal may be out by now
    is_full[wants_thread] = true;
    (is_tried && wants_thread ? refused : again).push_back(*chain);
  }
  os::Locked locked(mutex_);
  while (Chain* chain = chains_.pop_front()) again.push_back(*chain);
  while (Chain* chain = refused.pop_front()) again.push_back(*chain);
  chains_ = again;
}

}  // namespace atomrt::exec
