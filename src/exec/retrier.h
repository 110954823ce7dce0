// SPDX-License-Identifier: MIT
// Retrier: chains whose notification found no room (RLIMIT_SIGPENDING) or no thread (RLIMIT_NPROC), or is left to it
// (engine/relay.h). They are published already; one demand-created library thread tries their tails until they go
// through, and leaves when idle.
//
// It waits a moment before it tries what is left to it, so that the program below a handler has that moment. A program
// that blocks the signal and sleeps until it comes looks the same, but does not need the processor meanwhile: where the
// last ones did not, the moment is over as soon as that is seen.
//
// Locks: `mutex_` protects the list, and who serves it; taken by finishers with signals blocked. `bell_` is the idle
// thread's futex: raised under the lock, with each chain that comes.
#pragma once

#include "chain/chain.h"
#include "exec/lookout.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Retrier {
 public:
  static constexpr std::int64_t INTERVAL_NS = 1'000'000;
  static constexpr std::int64_t MOMENT_NS = 100'000;
  static constexpr std::int64_t LOOK_NS = 5'000;

  // try_again: runs a chain's tail; true when the chain is over.
  void start(void* engine, bool (*try_again)(void* engine, chain::Chain& chain));
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }
  // Followed by poke, or by another thread's lending itself.
  void add(chain::Chain& chain);
  // Makes the thread, if chains wait and there is none. False when none could be made: another one must lend itself.
  [[nodiscard]] bool poke() { return !has_work() || be_ready(); }
  // The same though none wait.
  [[nodiscard]] bool be_ready();
  // As add, where the thread is there: it will try the chain. False: it has just left. caller: this thread's number.
  [[nodiscard]] bool take_over(chain::Chain& chain, std::uint32_t caller);
  // Chains wait, perhaps for want of a thread: a library thread may lend itself for one pass.
  [[nodiscard]] bool has_work() const { return waiting_.load(std::memory_order_relaxed) != 0; }
  void lend_thread();

 private:
  static constexpr std::uint32_t SEVERAL = ~0U;
  enum class Served : std::uint8_t { BY_NOBODY, BY_LENT, BY_THREAD };

  bool become(Served served);
  void push_locked(chain::Chain& chain);
  bool await_work();
  void give_moment();
  bool pass();
  static void* run_thread(void* self);

  void* engine_;
  bool (*try_again_)(void*, chain::Chain&);
  std::atomic<std::int64_t> idle_ns_;
  std::atomic<std::uint32_t> waiting_;  // chains in the list; read by poke without the lock
  os::FutexWord bell_;
  os::Mutex mutex_;
  chain::ChainQueue chains_;
  Served served_;
  std::uint32_t caller_;  // of the chains left to it since the last moment; SEVERAL
  Lookout sleepers_;      // of callers; its thread's alone
  bool is_idle_;  // the thread sleeps on the bell, or is about to
};

}  // namespace atomrt::exec
