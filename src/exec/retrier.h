// SPDX-License-Identifier: MIT
// Retrier: chains whose notification found no room (RLIMIT_SIGPENDING) or no thread (RLIMIT_NPROC), or is left to the
// spawner: functions (SIGEV_THREAD), and some signals (engine/relay.h). They are published already. The spawner tries
// their tails until they go through; where there is none, another thread of the library lends itself.
//
// It waits a moment before it tries what is left to it by a relay, so that the program below a handler has that moment.
// A program that blocks the signal and sleeps until it comes looks the same, but does not need the processor meanwhile:
// where the last ones did not, the moment is over as soon as that is seen.
//
// Locks: `mutex_` protects the list, and who serves it; taken by finishers with signals blocked.
#pragma once

#include "chain/chain.h"
#include "exec/lookout.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Retrier {
 public:
  static constexpr std::int64_t MOMENT_NS = 100'000;
  static constexpr std::int64_t LOOK_NS = 5'000;

  // try_again: runs a chain's tail; true when the chain is over.
  void start(void* engine, bool (*try_again)(void* engine, chain::Chain& chain));
  // Whoever adds asks the spawner then. relayed_by: a caller who may be a handler, by his thread's number.
  void add(chain::Chain& chain, std::uint32_t relayed_by = 0);
  [[nodiscard]] bool has_work() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  // One pass over those that wait, unless another thread is at it. True: some are left.
  bool serve();

 private:
  static constexpr std::uint32_t SEVERAL = ~0U;

  void give_moment();
  void pass();

  void* engine_;
  bool (*try_again_)(void*, chain::Chain&);
  std::atomic<std::uint32_t> waiting_;  // chains in the list; read without the lock
  os::Mutex mutex_;
  chain::ChainQueue chains_;
  std::uint32_t caller_;  // of the relayed ones since the last moment; SEVERAL
  bool is_served_;
  Lookout sleepers_;  // of callers; of who serves alone
};

}  // namespace atomrt::exec
