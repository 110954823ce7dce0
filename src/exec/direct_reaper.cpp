// SPDX-License-Identifier: MIT
// The direct context's side of its reaper: who needs it, and what is left to it.
#include "exec/direct.h"

namespace atomrt::exec {

using chain::Chain;
using chain::Place;

bool Direct::add_need(MayStart may_start) {
  needs_.fetch_add(1, std::memory_order_seq_cst);
  const bool is_served = reaper_.ensure(*this, may_start);
  if (!is_served) drop_need();
  return is_served;
}

void Direct::need_for(Chain& chain) {
  if (!add_need(MayStart::NO)) return;
  if (set_needs_reaper(chain)) {
    drop_need();
  } else if (place_of(chain) != Place::IN_AIO) {
    drop_need_of(chain);  // it is being finished, by a thread that may have looked at the flag already
  } else {
    reaper_.wake();
  }
}

void Direct::call_reaper() {
  if (reaper_.ensure(*this, MayStart::ASKS)) reaper_.wake();
}

void Direct::drop_need_of(Chain& chain) {
  if (clear_needs_reaper(chain)) drop_need();
}

bool Direct::leave_to_reaper(Chain& chain) {
  {
    os::Locked locked(mutex_);
    if (!reaper_.is_present()) return false;
    put(chain, Place::RUNNING);
    leftovers_.push_back(chain);
  }
  reaper_.wake();
  return true;
}

bool Direct::has_leftovers() {
  os::Locked locked(mutex_);
  return !leftovers_.empty() || has_chores_.load(std::memory_order_seq_cst);
}

void Direct::nudge() {
  has_chores_.store(true, std::memory_order_seq_cst);
  reaper_.wake();
}

bool Direct::do_chores() {
  if (!has_chores_.load(std::memory_order_relaxed)) return false;
  if (!has_chores_.exchange(false, std::memory_order_seq_cst)) return false;
  const bool is_left = host_.see_to_chores();
  if (is_left) has_chores_.store(true, std::memory_order_seq_cst);
  return is_left;
}

bool Direct::offer_leftover() {
  Chain* chain;
  {
    os::Locked locked(mutex_);
    chain = leftovers_.pop_front();
  }
  if (chain == nullptr) return false;
  put(*chain, Place::MOVING);
  host_.go_on(*chain);
  return true;
}

// Whether no thread is about to leave something to the reaper: the bell would not wake it from a sleep in the kernel.
// An event that has come meanwhile ends that sleep at once.
bool Direct::may_sleep_in_kernel() {
  os::Locked locked(mutex_);
  const os::CompletionRing* ring = ring_.load(std::memory_order_relaxed);
  return ring != nullptr && leftovers_.empty() && !has_chores_.load(std::memory_order_seq_cst) &&
         settling_.load(std::memory_order_seq_cst) == 0;
}

}  // namespace atomrt::exec
