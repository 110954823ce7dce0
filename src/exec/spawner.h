// SPDX-License-Identifier: MIT
// Spawner: the library thread that creates others for threads that serve or finish requests, and the threads of
// SIGEV_THREAD. pthread_create takes locks of malloc and of glibc's stack cache. An application's thread may hold them
// while a handler that interrupted it waits in aio_suspend: if the thread that serves that request needed a new thread
// to finish it, both would wait for ever. So such threads ask the spawner, without waiting, and go on with the threads
// that exist. Submitters create threads themselves: they may return EAGAIN, and are not in a handler, as aio_read etc.
// are not async-signal-safe.
//
// A submitter makes the spawner before others know of a request that may need it (engine.h, expect_threads), and it
// stays while such requests are in flight. It leaves when there have been none for the idle time. If it could not be
// made, a thread that asks is told so, and tries to make the thread it needs itself, most likely in vain.
//
// Shared words:
//   life_    PRESENT, and a count of its users: requests in flight, and threads that are asking. PRESENT is set by a
//            submitter and cleared by the spawner, both under making_, the latter only if the count is 0. All seq_cst
//            against wanted_: a thread that asks is counted until it has asked, and the spawner, when it leaves, looks
//            at wanted_ afterwards; a thread that lowers the count to 0 then looks whether the spawner sleeps without a
//            timeout, and the spawner looks at the count after it has written that it does.
//   wanted_  whether a thread has asked, and how the spawner sleeps on it. ASKED is set by the thread that asks; the
//            spawner clears the word.
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
  // do_asked: does all that was asked for, on the spawner's thread. True: there is more to do, after a pause.
  void start(void* host, bool (*do_asked)(void* host)) {
    host_ = host;
    do_asked_ = do_asked;
  }
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }

  // The spawner stays from `enter` to `leave`. `enter` makes it if there is none and may_start is YES. Signals are
  // blocked.
  void enter(MayStart may_start);
  // The same where there is one. False: there is none. Signals need not be blocked.
  [[nodiscard]] bool enter_if_present();
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

  // The caller has noted what it needs before. Does not wait, unless the spawner may be made. False: there is no
  // spawner.
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
