// SPDX-License-Identifier: MIT
// Retrier: chains whose notification found no room (RLIMIT_SIGPENDING) or no thread (RLIMIT_NPROC). They are published
// already; one demand-created library thread tries their tails again until they go through, and leaves.
//
// Locks: `mutex_` protects the list; taken by finishers with signals blocked.
#pragma once

#include "chain/chain.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Retrier {
 public:
  static constexpr std::int64_t INTERVAL_NS = 1'000'000;

  // try_again: runs a chain's tail; true when the chain is over.
  void start(void* engine, bool (*try_again)(void* engine, chain::Chain& chain));
  // Followed by poke, or by another thread's lending itself.
  void add(chain::Chain& chain);
  // Makes the thread, if chains wait and there is none. False when none could be made: another one must lend itself.
  [[nodiscard]] bool poke();
  // Chains wait, perhaps for want of a thread: a library thread may lend itself for one pass.
  [[nodiscard]] bool has_work() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  void lend_thread();

 private:
  bool become_thread();
  bool pass();
  static void* run_thread(void* self);
  void work();

  void* engine_;
  bool (*try_again_)(void*, chain::Chain&);
  std::atomic<std::uint32_t> waiting_;  // chains in the list; read by poke without the lock
  os::Mutex mutex_;
  chain::ChainQueue chains_;
  bool has_thread_;
};

}  // namespace atomrt::exec
