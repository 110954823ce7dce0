// SPDX-License-Identifier: MIT
// Workers: the threads context. Threads made on demand that drain one queue and leave when idle; the context of last
// resort, which can do everything.
//
// A stream request whose peer is not ready is polled for by kernel AIO, else by some workers (POLLING_WORKERS, in
// base/tuning.h, as the other numbers here), which are faster than the poller, else by the poller. Those workers do not
// count against the limit, and give the request to the poller after POLL_SLICE_NS, as a thread can't be woken from poll
// without a signal or a descriptor.
//
// File transfers whose waiters take them over (Score::TAKEN) wake no worker, as by the time it runs they are over; one
// worker keeps watch, looks every WATCH_NS, and runs what has been lying since its last look. That ends the score, and
// so does a crowd of transfers.
//
// A request that no thread sleeps for and that notifies nobody is probably polled for by the program: after it a worker
// spins for a moment, as the next one comes at once (Lookout).
//
// Requests that only copy (Request::is_modest) are shared by a few threads: more would only compete for processors.
//
// Locks: `mutex_` protects the members below it and the place QUEUED; taken by submitters (signals blocked), workers
// and whoever takes a chain back; never held over a system call but futex_wake. `sequence_` is the idle workers' futex.
#pragma once

#include "exec/attempt.h"
#include "exec/descriptor_hints.h"
#include "exec/host.h"
#include "exec/lookout.h"
#include "exec/poller.h"
#include "exec/spawner.h"
#include "exec/timed.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Workers {
 public:
  using MayStart = exec::MayStart;

  // For workers and the poller.
  void spawn_by(Spawner& spawner) {
    spawner_ = &spawner;
    poller_.spawn_by(spawner);
  }
  // limit: most threads that file requests may use; idle_ns: how long an idle thread stays.
  void configure(unsigned limit, std::int64_t idle_ns);
  // has_others: there are more processors than this thread's; if not, spinning is a waste.
  void start(const Host& host, DescriptorHints& hints, bool has_others) {
    host_ = host;
    hints_ = &hints;
    poller_.start(this, resume);
    lookout_.start(has_others);
  }

  // DECLINED: no thread exists and none could be made (EAGAIN), or may be made (async-signal-safe callers). If the
  // spawner can't make one that was asked for, and there is no other, the chain fails later.
  Verdict submit(chain::Chain& chain, MayStart may_start = MayStart::YES);
  bool take(chain::Chain& chain);
  // For a submitter whose chain is held: the thread that releases it may not make a worker for it (spawner.h).
  void ensure_one();
  // For a worker that is about to do what may take any time, such as creating a thread for the program: meanwhile no
  // thread relies on it. False: there is no other worker that would come back to the queue.
  [[nodiscard]] bool begin_absence();
  void end_absence() { set_blocked(false); }
  // For the spawner: makes what was asked for.
  void make_asked();
  // Wakes an idle thread, if there is one, to look for chores.
  void nudge();
  // A waiter has taken over a chain of that descriptor, from here or from its lane.
  void waiter_took_one(int fd) {
    takes_.fetch_add(1, std::memory_order_relaxed);
    hints_->raise(fd, Score::TAKEN);
  }
  // Whether a worker looks after what lies outside the queue.
  [[nodiscard]] bool keeps_watch() const { return watching_.load(std::memory_order_seq_cst); }
  // For when more requests of the file are in flight than should be left to one waiter: a worker is woken.
  void end_deferral(int fd);

  // Calls change(chain) if the chain is QUEUED here, under the lock.
  template <typename Change>
  bool change_queued(chain::Chain& chain, Change change) {
    os::Locked locked(mutex_);
    if (chain::place_of(chain) != chain::Place::QUEUED) return false;
    change(chain);
    return true;
  }

  [[nodiscard]] unsigned created() const {
    return created_.load(std::memory_order_relaxed) + poller_.created();
  }
  // Alive or being made, without the poller. For tests: a thread that the kernel knows may not have its name yet.
  [[nodiscard]] unsigned threads() {
    os::Locked locked(mutex_);
    return threads_;
  }

 private:
  enum class Need : std::uint8_t { NOTHING, WAKE, THREAD };

  static void* run_thread(void* self);
  void work();
  chain::Chain* next();  // null: leave
  bool run(chain::Chain& chain);
  chain::Released run_file(chain::Chain& chain, bool& was_polled_for);
  [[nodiscard]] bool begin_telling(const chain::Chain& chain);
  void end_telling(bool goes_on);
  chain::Released run_stream(chain::Chain& chain);
  Attempt try_stream(chain::Chain& chain, bool may_wait, bool& is_blocked);
  void count_as_blocked(bool& is_blocked);
  bool wait_for_peer(chain::Chain& chain, std::uint32_t generation, bool writes, bool may_be_taken);
  [[nodiscard]] bool leave_to_others(chain::Chain& chain);
  static void resume(void* self, chain::Chain& chain);
  void set_blocked(bool blocked);
  void look_after_queue();
  [[nodiscard]] bool give_way(chain::Chain& chain);
  void leave_to_waiters(chain::Chain& chain);

  void push_locked(chain::Chain& chain);
  chain::Chain* pop_locked();
  [[nodiscard]] static chain::Place place_to_begin(const chain::Chain& chain);
  void removed_locked(const chain::Chain& chain);
  bool sleep_locked(std::int64_t most_ns);
  [[nodiscard]] bool is_deferred(const chain::Chain& chain) const;
  void keep_watch_locked();
  void look_after_lone_locked(bool all);
  void look_around_locked();
  [[nodiscard]] bool wants_more_locked(unsigned coming) const;
  [[nodiscard]] Need need_locked(MayStart may_start);
  // Whether a worker will come back to the queue, without those that are still being made.
  [[nodiscard]] bool has_thread_locked() const { return threads_ > blocked_ + unmade_; }
  [[nodiscard]] Need reserve_thread_locked(MayStart may_start);
  [[nodiscard]] bool wants_a_second_locked(const chain::Chain& chain) const;
  [[nodiscard]] bool may_leave_locked() const;
  bool satisfy(Need need, MayStart may_start);
  bool make_thread();
  Verdict abandon_queue(const chain::Chain* own, std::uint32_t generation);

  Host host_;
  Spawner* spawner_;
  DescriptorHints* hints_;
  std::atomic<std::uint32_t> takes_;  // by waiters so far; a hint, relaxed
  Poller poller_;
  std::atomic<std::uint32_t> created_;
  os::FutexWord sequence_;  // raised under the lock, with each wake-up
  os::Mutex mutex_;
  chain::ChainQueue queue_;
  std::int64_t idle_ns_;
  unsigned limit_;
  std::atomic<std::uint32_t> arrivals_;  // chains put into queue_ so far; read without the lock by look_around_locked
  unsigned queued_;    // chains in queue_
  unsigned modest_;    // of those, the modest ones
  unsigned copying_;   // threads that run a modest one
  unsigned threads_;   // alive or being made
  unsigned starting_;  // of those, have not looked at the queue yet
  unsigned unmade_;    // of those, asked for or being made: may come late, or never (spawner.h)
  unsigned asked_;     // of those, not begun by the spawner yet
  unsigned idle_;      // asleep or about to sleep on sequence_
  unsigned waking_;    // of those, woken and not yet looking
  unsigned running_;   // at work on a chain: at most limit_, plus those whose stream has just become ready
  unsigned blocked_;   // waiting for a stream's peer, or absent (begin_absence)
  std::uint32_t seen_takes_;  // takes_ when the last watch ended
  Lookout lookout_;
  // One worker keeps watch. Written under the lock, seq_cst; read without it by a thread that leaves a chain to a
  // waiter.
  std::atomic<bool> watching_;
  bool looking_;              // one worker looks around
  bool telling_;              // one worker sends a signal, and then looks at the queue
};

static_assert(Context<Workers>);

}  // namespace atomrt::exec
