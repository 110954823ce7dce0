// SPDX-License-Identifier: MIT
// Poller: one demand-made thread that polls for every stream request that neither kernel AIO nor the ring waits for
// (terminals, FIFOs opened for both ways, or neither of the two is available or has room) and that no worker waits for
// itself. So blocked requests never take a thread each.
//
// The thread can't be woken from poll without a signal or a descriptor: it looks again each SHORT_POLL_NS after
// something has happened, and each LONG_POLL_NS otherwise (base/tuning.h). A request that comes in between is polled
// for that much later, and one that was cancelled is dropped that much later; a peer's bytes are seen at once.
//
// A request here is BLOCKED, or RUNNING where it has moved bytes; it is known by name alone, as it may be taken and be
// over at any time.
//
// Shared words: all but thread_ (on_demand.h) under mutex_, which workers and the thread take; never held over a system
// call.
#pragma once

#include <poll.h>

#include "exec/context.h"
#include "exec/on_demand.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Poller {
 public:

  // ready: the chain is the callee's (place MOVING, or RUNNING where it has moved bytes), on the poller's thread.
  void start(void* host, void (*ready)(void* host, chain::Chain&)) {
    host_ = host;
    ready_ = ready;
  }
  void spawn_by(Spawner& spawner) { thread_.spawn_by(spawner); }
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }

  // Takes the chain from its owner. False: there is no memory or no thread for it, perhaps not yet, and the owner
  // keeps it.
  [[nodiscard]] bool add(chain::Chain& chain);
  // For the spawner.
  void make_asked() {
    if (thread_.take_wish()) thread_.ensure(MayStart::YES, run_thread, this);
  }

  [[nodiscard]] unsigned created() const { return thread_.created(); }

 private:
  struct Entry {
    chain::Chain* chain;  // type-stable
    std::uint32_t generation;
    bool writes;
    bool is_begun;  // RUNNING, and nobody else's
  };
  template <typename T>
  struct Array {  // in mapped memory; grows, never shrinks
    T* items;
    std::uint32_t room;
    [[nodiscard]] bool reserve(std::uint32_t wanted, std::uint32_t used);
  };
  static void* run_thread(void* self);
  void work();
  [[nodiscard]] std::uint32_t gather();
  void hand_out(std::uint32_t polled);
  [[nodiscard]] bool rest();
  [[nodiscard]] static bool is_here(const Entry& entry);
  [[nodiscard]] static bool take(const Entry& entry);
  [[nodiscard]] bool remove(const Entry& entry);

  void* host_;
  void (*ready_)(void*, chain::Chain&);
  std::atomic<std::int64_t> idle_ns_;
  os::FutexWord sequence_;  // raised under the mutex with each request that comes
  os::Mutex mutex_;
  OnDemand thread_;  // leaves under the mutex
  Array<Entry> entries_;
  std::uint32_t count_;
  // The thread's own.
  Array<Entry> polled_;
  Array<pollfd> polls_;
};

}  // namespace atomrt::exec
