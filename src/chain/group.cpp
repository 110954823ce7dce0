// SPDX-License-Identifier: MIT
#include "chain/group.h"

namespace atomrt::chain {

void Group::open(bool waits, const Notification& notification) {
  remaining_.store(1, std::memory_order_relaxed);
  in_kernel_.store(0, std::memory_order_relaxed);
  failed_.store(0, std::memory_order_relaxed);
  holders_.store(waits ? 2 : 1, std::memory_order_relaxed);
  done_.store(os::QUIET, std::memory_order_relaxed);
  waits_ = waits;
  caller_runs_ = false;
  signals_ = nullptr;
  notification_ = waits ? Notification{} : notification;
}

void Group::complete() {
  done_.store(os::RUNG, std::memory_order_release);
  os::futex_wake(done_, 1);
}

}  // namespace atomrt::chain
