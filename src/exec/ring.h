// SPDX-License-Identifier: MIT
// Ring: the context of requests that wait in the kernel without a thread each: reads of files that are not cached, and
// streams that are not ready. One io_uring without any descriptor, owned by one demand-created thread of the library,
// as the kernel would interrupt and cancel for an application's thread. Requests reach it through a mailbox; it sleeps
// for letters and completions in one call (IORING_OP_FUTEX_WAIT on `doorbell_`).
//
// Where the kernel refuses (ENOSYS, EPERM, an old one, no memory), also when it does so in the middle of work, all goes
// back to the engine, which passes it on to the next context; submit declines from then on.
//
// Shared words:
//   life_      who may write: ABSENT to PRESENT whoever posts and finds nobody, by compare-exchange, and makes the
//              thread; back the thread that leaves or the one who could not make it; REFUSED the thread. All seq_cst
//              against the mailbox: who posts looks at life_ afterwards, who leaves looks at the mailbox afterwards.
//   doorbell_  1: the thread sleeps, or is about to look at the mailbox a last time before. Set by the thread, cleared
//              by whoever wakes it.
#pragma once

#include <atomic>
#include <cstdint>

#include "chain/chain.h"
#include "exec/context.h"
#include "exec/mailbox.h"
#include "os/futex.h"

namespace atomrt::exec {

class Ring {
 public:
  static constexpr unsigned ENTRIES = 256;

  struct Settings {
    unsigned entries;          // room for submissions
    bool is_forced;            // tried also under a seccomp filter, which might kill the process for it
    bool has_others;           // there are more processors than one
  };

  void start(const Completion& completion, chain::ChainPool& chains, const Settings& settings);
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }

  Verdict submit(chain::Chain& chain);
  bool take(chain::Chain& chain);
  // A stream's chain that was BLOCKED here has been taken.
  void forget(aiocb::RequestName name);

  // Wakes the thread, if there is one, to look for chores.
  void nudge();

  [[nodiscard]] bool is_refused() const { return life_.load(std::memory_order_relaxed) == REFUSED; }
  [[nodiscard]] unsigned created() const { return created_.load(std::memory_order_relaxed); }

 private:
  friend class RingThread;
  enum Life : std::uint32_t { ABSENT, PRESENT, REFUSED };

  static void* run_thread(void* self);
  [[nodiscard]] bool wake();
  void refuse();
  void pass_all_on();

  Completion completion_;
  chain::ChainPool* chains_;
  Settings settings_;
  std::atomic<std::int64_t> idle_ns_;
  std::atomic<std::uint32_t> life_;
  std::atomic<std::uint32_t> created_;
  os::FutexWord doorbell_;
  Mailbox mailbox_;
};

static_assert(Context<Ring>);

// The body of the ring's thread. False: the kernel refuses a ring. See ring_thread.h; no_ring_thread.cpp stands in
// where the library is built without liburing.
[[nodiscard]] bool serve(Ring& ring);

}  // namespace atomrt::exec
