// SPDX-License-Identifier: MIT
// Group: one lio_listio call while its requests are in flight. Pooled. Each request counts it down after its own
// notification, and the last one sends the list's (LIO_NOWAIT) or wakes the caller (LIO_WAIT). For LIO_WAIT a request
// counts down even if its notification finds no room: there may be none until the caller goes on.
//
// Shared words: `remaining` counts unfinished requests, and one for the call itself as long as it still submits;
// fetch_sub acq_rel, so the last one sees every `failed`. `done` is the caller's futex. `holders` counts the call
// (LIO_WAIT) and the countdown: the last one gives the group back, so that an interrupted or cancelled caller may
// leave.
#pragma once

#include "chain/request.h"
#include "os/futex.h"
#include "os/signals.h"
#include "os/slot_pool.h"

namespace atomrt::chain {

class Group : public os::Slot {
 public:
  // A new group, its call still submitting. waits: the call is LIO_WAIT.
  void open(bool waits, const Notification& notification);
  // LIO_WAIT: the caller runs what only copies itself, in place of waiting for a thread that does.
  void let_caller_run() { caller_runs_ = true; }
  void add() { remaining_.fetch_add(1, std::memory_order_relaxed); }
  void fail() { failed_.store(1, std::memory_order_relaxed); }
  // True when that was the last one.
  [[nodiscard]] bool count_down() { return remaining_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  // Requests that the direct context has; the caller of LIO_WAIT may sleep in the kernel for them.
  void enter_kernel() { in_kernel_.fetch_add(1, std::memory_order_relaxed); }
  void leave_kernel() { in_kernel_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool has_some_in_kernel() const { return in_kernel_.load(std::memory_order_relaxed) != 0; }
  [[nodiscard]] bool has_all_in_kernel() const {
    return in_kernel_.load(std::memory_order_relaxed) == remaining_.load(std::memory_order_relaxed);
  }
  // After the last countdown: wakes the caller.
  void complete();
  // The same where that is the call's own: its thread does not sleep yet.
  void complete_by_caller() { done_.store(os::RUNG, std::memory_order_release); }

  [[nodiscard]] bool is_done() const { return done_.load(std::memory_order_acquire) == os::RUNG; }
  // os::Bell; poked when the caller has to lead: see Direct::follow.
  [[nodiscard]] os::FutexWord& done() { return done_; }
  void forget_poke() {
    std::uint32_t poked = os::POKED;
    done_.compare_exchange_strong(poked, os::QUIET, std::memory_order_relaxed);
  }
  [[nodiscard]] bool waits() const { return waits_; }
  [[nodiscard]] bool caller_runs() const { return caller_runs_; }
  [[nodiscard]] bool has_failed() const { return failed_.load(std::memory_order_relaxed) != 0; }
  [[nodiscard]] const Notification& notification() const { return notification_; }
  // For the call, while it submits: its thread's signals. Null otherwise.
  void submit_with(os::SignalStretch* signals) { signals_ = signals; }
  [[nodiscard]] os::SignalStretch* signals() const { return signals_; }
  // True when nobody holds the group any more: it goes back to the pool.
  [[nodiscard]] bool drop() { return holders_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

 private:
  std::atomic<std::uint32_t> remaining_;
  std::atomic<std::uint32_t> in_kernel_;
  std::atomic<std::uint32_t> failed_;
  std::atomic<std::uint32_t> holders_;
  os::FutexWord done_;
  Notification notification_;
  bool waits_;
  bool caller_runs_;
  os::SignalStretch* signals_;  // used by the call's own thread alone
};

using GroupPool = os::SlotPool<Group, 64, 16384>;

}  // namespace atomrt::chain
