// SPDX-License-Identifier: MIT
// Reaper: the one library thread of a direct context. It leads while something needs it, does what an application's
// thread leaves to it or must not do, such as creating threads, and gives the kernel's context back when nothing has
// been in flight for the idle time (fs.aio-max-nr is shared by the whole machine). It comes with the context and goes
// with it. While nothing needs it, it sleeps on its futex, with a look each second, or for a moment in the kernel if it
// is likely to be needed again.
//
// While streams are polled for it *patrols*: it looks each PATROL_NS whether a waiting thread leads, and if none has
// done so between two looks, waits in the kernel itself. So a thread that makes one stream request after another and
// waits for each pays for no hand-over, and a peer's bytes are taken even if no thread waits. If one thread leads all
// the time, the reaper rests: that thread wakes it when it stops leading, and so does a thread that submits the next
// poll.
//
// Shared words:
//   bell_  RESTS or PATROLS: asleep on it, or about to look a last time. Set by the thread, cleared by whoever wakes
//          it.
//   thread_  see on_demand.h; others rely on the thread from PRESENT until it gives the context back, under the
//            context's lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "exec/lookout.h"
#include "exec/on_demand.h"
#include "os/futex.h"

namespace atomrt::exec {

class Direct;

class Reaper {
 public:
  void start() { lingers_.start(true); }  // on one processor, too: it lingers asleep
  void configure(std::int64_t idle_ns) { idle_ns_.store(idle_ns, std::memory_order_relaxed); }
  void spawn_by(Spawner& spawner) { thread_.spawn_by(spawner); }
  // Makes the thread if there is none, or asks for it. False: there is none, or not yet.
  [[nodiscard]] bool ensure(Direct& direct, MayStart may_start) {
    return thread_.ensure(may_start, run_thread, &direct);
  }
  // For the spawner.
  void make_asked(Direct& direct) {
    if (thread_.take_wish()) thread_.ensure(MayStart::YES, run_thread, &direct);
  }
  [[nodiscard]] bool is_present() const { return thread_.is_present(); }
  void wake();
  // For a thread that has submitted a poll without a need of the reaper, or has stopped leading while polls are
  // pending.
  void wake_to_patrol();
  // Whether that would wake it.
  [[nodiscard]] bool rests() const { return bell_.load(std::memory_order_seq_cst) == RESTS; }
  // For the reaper itself, under the context's lock: from here on ensure makes another one.
  void leave() { thread_.left(); }

  [[nodiscard]] unsigned created() const { return thread_.created(); }

 private:
  enum Asleep : std::uint32_t { AWAKE, RESTS, PATROLS };
  static void* run_thread(void* direct);
  void work(Direct& direct);
  void lead(Direct& direct, std::uintptr_t self);
  bool linger(Direct& direct, std::uintptr_t self, std::int64_t most_ns);
  [[nodiscard]] bool patrol(Direct& direct, std::uintptr_t self);
  void sleep_on_bell(Asleep how, std::int64_t end_ns) { os::futex_wait_until(bell_, how, end_ns); }
  [[nodiscard]] bool rest(Direct& direct);

  std::atomic<std::int64_t> idle_ns_;
  Lookout lingers_;  // the thread's own
  OnDemand thread_;
  os::FutexWord bell_;
};

}  // namespace atomrt::exec
