// SPDX-License-Identifier: MIT
// Ring: the context of requests that wait in the kernel without a thread each: reads of files that are not cached, and
// streams that are not ready. One io_uring without a descriptor, owned by one demand-created thread of the library: the
// kernel would interrupt an application's thread for completions, and cancel its requests when it ends. Requests reach
// the thread through a mailbox; it sleeps for letters and completions in one call (IORING_OP_FUTEX_WAIT on
// `doorbell_`).
//
// If the kernel refuses (ENOSYS, EPERM, an old kernel, no memory), at once or later, all requests go back to the
// engine, which passes them on to the next context; submit declines from then on.
//
// Shared words:
//   thread_    see on_demand.h; seq_cst against the mailbox: a thread that posts looks at it afterwards, and the ring's
//              thread, when it leaves, looks at the mailbox afterwards. REFUSED is set by the ring's thread, or by the
//              one that was to make it.
//   doorbell_  1: the thread sleeps, or is about to look at the mailbox a last time before that. Set by the thread,
//              cleared by it and by whoever wakes it.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/tuning.h"
#include "chain/chain.h"
#include "exec/host.h"
#include "exec/mailbox.h"
#include "exec/on_demand.h"
#include "os/futex.h"

namespace atomrt::exec {

class Ring {
 public:
  static constexpr unsigned ENTRIES = tuning::RING_ENTRIES;

  struct Settings {
    unsigned entries;          // room for submissions
    bool is_forced;            // tried even under a seccomp filter, which might kill the process for it
    bool has_others;           // there are more processors than one
  };

  void start(const Host& host, chain::ChainPool& chains, const Settings& settings);
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }

  void spawn_by(Spawner& spawner) { thread_.spawn_by(spawner); }

  Verdict submit(chain::Chain& chain, MayStart may_start = MayStart::YES);
  // For the spawner.
  void make_asked() {
    if (thread_.take_wish()) static_cast<void>(is_there(MayStart::YES));
  }
  bool take(chain::Chain& chain);
  // A stream's chain that was BLOCKED here has been taken.
  void forget(aiocb::RequestName name);

  // Wakes the thread, if there is one, to look for chores.
  void nudge();

  [[nodiscard]] bool is_refused() const { return thread_.state() == OnDemand::REFUSED; }
  [[nodiscard]] unsigned created() const { return thread_.created(); }

 private:
  friend class RingThread;

  static void* run_thread(void* self);
  [[nodiscard]] bool is_there(MayStart may_start);
  void refuse();
  void pass_all_on();

  Host host_;
  chain::ChainPool* chains_;
  Settings settings_;
  std::atomic<std::int64_t> idle_ns_;
  OnDemand thread_;
  os::FutexWord doorbell_;
  Mailbox mailbox_;
};

static_assert(Context<Ring>);

// The body of the ring's thread. False: the kernel refuses a ring. See ring_thread.h; no_ring_thread.cpp stands in
// where the library is built without liburing.
[[nodiscard]] bool serve(Ring& ring);

}  // namespace atomrt::exec
