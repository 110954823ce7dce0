// SPDX-License-Identifier: MIT
// Spawner: the one thread of the library that makes others for those who serve or finish requests, and the threads of
// SIGEV_THREAD. pthread_create takes locks of malloc and of glibc's stacks. A thread of the application may hold them,
// interrupted by a handler that waits in aio_suspend: whoever served that request could make no thread before it is
// over, and it would never be. So they ask here, which waits for nobody, and go on with the threads that there are.
// Submitters make threads themselves: they may come back with EAGAIN, and are in no handler, as aio_read and its like
// are not async-signal-safe.
//
// A submitter makes it before others know of a request that may want it (engine.h, expect_threads), and it stays while
// such requests are in flight. It leaves when there have been none for the idle time. Where it could not be made, who
// asks is told so, and makes his thread himself, most likely in vain.
//
// Shared words:
//   life_    PRESENT, and how many need it: requests in flight, who asks. Raised and lowered by these; PRESENT is set
//            by a submitter and taken off by the thread, both under making_, the latter while nobody is counted. All
//            seq_cst against wanted_: who asks is counted until he has asked, and who leaves looks at wanted_
//            afterwards; who lowers the count to 0 looks whether the thread sleeps without an end, and it looks at the
//            count after it has said so.
//   wanted_  that somebody has asked; and how the thread sleeps on it. Set by whoever asks, cleared by the thread.
// Locks: making_, with all signals blocked, while the spawner is made.
#pragma once

#include <atomic>
#include <cstdint>

#include "exec/context.h"
#include "os/futex.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Spawner {
 public:
  static constexpr std::int64_t RETRY_NS = 1'000'000;

  // do_asked: all that has been asked for, on the spawner's thread; true: there is more to do, in a moment.
  void start(void* host, bool (*do_asked)(void* host)) {
    host_ = host;
    do_asked_ = do_asked;
  }
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }

  // It stays from `enter`, which makes it where there is none and a submitter says so, to `leave`. Signals are blocked.
  void enter(MayStart may_start);
  void leave();
  class [[nodiscard]] Use {
   public:
    explicit Use(Spawner& spawner, MayStart may_start = MayStart::YES) : spawner_(spawner) {
      spawner_.enter(may_start);
    }
    ~Use() { spawner_.leave(); }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Spawner& spawner_;
  };

  // Who asks has noted before what he wants. Waits for nobody, but where it may be made. False: there is no spawner.
  [[nodiscard]] bool ask(MayStart may_start = MayStart::ASKS);
  [[nodiscard]] bool is_present() const { return (life_.load(std::memory_order_seq_cst) & PRESENT) != 0; }
  [[nodiscard]] bool is_needed() const { return (life_.load(std::memory_order_seq_cst) & NEEDED) != 0; }

 private:
  static constexpr std::uint32_t PRESENT = 1U << 31;
  static constexpr std::uint32_t NEEDED = PRESENT - 1;
  // In wanted_.
  static constexpr std::uint32_t ASKED = 1;
  static constexpr std::uint32_t ASLEEP = 2;
  static constexpr std::uint32_t WITHOUT_END = 4;
  static constexpr std::uint32_t NOBODY_LEFT = 8;

  static void* run_thread(void* self);
  void make();
  void work();
  [[nodiscard]] bool sleep(std::int64_t most_ns);
  void sleep_while_needed();
  [[nodiscard]] bool retire();

  void* host_;
  bool (*do_asked_)(void*);
  std::atomic<std::int64_t> idle_ns_;
  std::atomic<std::uint32_t> life_;
  os::FutexWord wanted_;
  os::Mutex making_;
};

}  // namespace atomrt::exec
