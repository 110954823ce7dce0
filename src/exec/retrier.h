// SPDX-License-Identifier: MIT
// Retrier: chains whose notification found no room (RLIMIT_SIGPENDING) or no thread (RLIMIT_NPROC), or is left to the
// spawner: functions (SIGEV_THREAD), and some signals (engine/relay.h). They are published already. The spawner tries
// their tails until they succeed; if there is none, another thread of the library does.
//
// It waits a moment before it sends relayed signals, so that the program below a handler can run meanwhile. A program
// that blocks the signal and sleeps until it comes looks the same, but does not need the processor: if the last callers
// did not use it, the moment ends as soon as this one is seen not to.
//
// Locks: `mutex_` protects the list, and whether a thread serves it; taken by finishers with signals blocked.
#pragma once

#include "base/tuning.h"
#include "chain/chain.h"
#include "exec/lookout.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Retrier {
 public:
  static constexpr std::int64_t MOMENT_NS = tuning::RELAY_NS;

  // try_again: runs a chain's tail; true when the chain is over.
  void start(void* engine, bool (*try_again)(void* engine, chain::Chain& chain));
  // The caller asks the spawner afterwards. relayed_by: for a relayed signal, the ID of the thread that relays it.
  void add(chain::Chain& chain, std::uint32_t relayed_by = 0);
  [[nodiscard]] bool has_work() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  // One pass over the chains, unless another thread is doing one. True: some are left.
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
  std::uint32_t caller_;  // the thread that relayed since the last moment; 0: none; SEVERAL
  bool is_served_;
  Lookout sleepers_;  // whether callers sleep; used only by the thread that serves
};

}  // namespace atomrt::exec
