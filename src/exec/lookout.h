// SPDX-License-Identifier: MIT
// Lookout: whether a thread looks for a moment before it sleeps. Used by a worker that has run out of work: a program
// that polls aio_error submits again as soon as it sees a result, which is sooner than a thread falls asleep and is
// woken. Also by a thread that waits for what a worker is copying; by the reaper, which sleeps in the kernel for the
// next event; by the ring's thread, which lets others run; by the spawner (retrier.h).
//
// Experience decides: looks that find something earn further ones, others use them up. Once they are used up, only one
// look in RETRY is tried. Without other threads that could run meanwhile, and before start, none is.
//
// The counts are hints, relaxed: threads that look at the same time may overwrite each other's.
#pragma once

#include <atomic>

#include "base/tuning.h"

namespace atomrt::exec {

class Lookout {
 public:
  static constexpr unsigned MOST = tuning::LOOKOUT_CREDIT;
  static constexpr unsigned RETRY = tuning::LOOKOUT_RETRY;

  // has_others: other threads can run while this one looks (there are more processors, or it yields its own).
  void start(bool has_others) { may_look_ = has_others; }
  [[nodiscard]] bool is_worthwhile() {
    if (!may_look_) return false;
    if (score_.load(std::memory_order_relaxed) > 0) return true;
    const unsigned passed_over = (passed_over_.load(std::memory_order_relaxed) + 1) % RETRY;
    passed_over_.store(passed_over, std::memory_order_relaxed);
    return passed_over == 0;
  }
  void look_ended(bool found) {
    const unsigned score = score_.load(std::memory_order_relaxed);
    if (found) {
      score_.store(score + 2 < MOST ? score + 2 : MOST, std::memory_order_relaxed);
    } else if (score > 0) {
      score_.store(score - 1, std::memory_order_relaxed);
    }
  }

 private:
  std::atomic<unsigned> score_;
  std::atomic<unsigned> passed_over_;
  bool may_look_;
};

}  // namespace atomrt::exec
