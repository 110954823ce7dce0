// SPDX-License-Identifier: MIT
// Idle workers: one keeps watch over what is left to waiters, one looks for new work for a moment before it sleeps.
#include "base/tuning.h"
#include "exec/workers.h"

namespace atomrt::exec {

using chain::Chain;

// Returns at once unless waiters take what comes. Else returns when a chain needs a worker, or waiters take no more.
void Workers::keep_watch_locked() {
  if (keeps_watch()) return;
  const Chain* first = queue_.first();
  if (first != nullptr ? !is_deferred(*first) : takes_.load(std::memory_order_relaxed) == seen_takes_) return;
  watching_.store(true, std::memory_order_seq_cst);
  aiocb::RequestName last{};
  for (unsigned empty_looks = 0; empty_looks < tuning::EMPTY_WATCHES;) {
    const std::uint32_t takes = takes_.load(std::memory_order_relaxed);
    sleep_locked(tuning::WATCH_NS);
    look_after_lone_locked(false);
    first = queue_.first();
    if (first == nullptr) {
      empty_looks = takes_.load(std::memory_order_relaxed) != takes ? 0 : empty_looks + 1;
      last = {};
      continue;
    }
    const aiocb::RequestName name = name_of(*first);
    const bool lies_since_last_look = name.number == last.number && name.generation == last.generation;
    if (lies_since_last_look || !is_deferred(*first)) break;
    last = name;
  }
  seen_takes_ = takes_.load(std::memory_order_relaxed);
  watching_.store(false, std::memory_order_seq_cst);
  look_after_lone_locked(true);
}

void Workers::look_after_lone_locked(bool all) {
  mutex_.unlock();
  host_.look_after_lone(all);
  mutex_.lock();
}

// Returns, with the lock held, when a chain has come or the moment is over.
void Workers::look_around_locked() {
  if (looking_ || !queue_.empty() || !lookout_.is_worthwhile()) return;
  looking_ = true;
  const std::uint32_t arrivals = arrivals_.load(std::memory_order_relaxed);
  mutex_.unlock();
  const std::int64_t end = os::now_ns() + tuning::WORKER_LOOK_NS;
  do {
    os::relax();
  } while (arrivals_.load(std::memory_order_relaxed) == arrivals && os::now_ns() < end);
  mutex_.lock();
  looking_ = false;
  lookout_.look_ended(!queue_.empty());
}

}  // namespace atomrt::exec
