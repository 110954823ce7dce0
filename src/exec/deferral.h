// SPDX-License-Identifier: MIT
// Deferral: the descriptors whose file transfers are taken over by the threads that wait for them. Waking a worker for
// such a request is a waste: by the time it runs, the request is over.
//
// Waiters raise the descriptor's score. A worker that finds such a request lying resets it, and so does a crowd of
// them.
#pragma once

#include "exec/scores.h"

namespace atomrt::exec {

class Deferral {
 public:
  void waiter_took(int fd) {
    takes_.fetch_add(1, std::memory_order_relaxed);
    scores_.raise(fd);
  }
  void end(int fd) { scores_.end(fd); }
  [[nodiscard]] bool is_on(int fd) const { return scores_.is_enough(fd); }
  // Rises with every take.
  [[nodiscard]] std::uint32_t takes() const { return takes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> takes_;
  Scores scores_;
};

}  // namespace atomrt::exec
