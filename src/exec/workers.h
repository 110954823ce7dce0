// Workers: the threads context. Demand-created threads that drain one queue and leave when idle; the context of last
// resort, which can do everything.
//
// A stream request whose peer is not ready keeps its thread in poll, and that thread no longer counts against the
// limit: blocked peers never use up the workers that files need. The poll ends every POLL_SLICE_NS to see whether the
// chain was cancelled meanwhile, as a thread can't be woken from poll without a signal or a descriptor.
//
// Where waiters take over what they wait for, waking a worker for each request is waste: by the time it comes the
// request is over. So after a few vain wake-ups in a row the pool defers: requests that a waiter may take wake nobody,
// and one worker keeps watch, looking every WATCH_NS whether waiters still take what comes. The first request that they
// leave lying ends it, and so does a file with more than a few requests in flight, where a worker beside the submitter
// is worth its wake-up.
//
// Locks: `mutex_` protects everything below it and the place QUEUED; taken by submitters (signals blocked), workers and
// whoever takes a chain back; never held over a system call but futex_wake. `sequence_` is the idle workers' futex.
#pragma once

#include "exec/context.h"
#include "os/mutex.h"

namespace atomrt::exec {

class Workers {
 public:
  static constexpr std::int64_t POLL_SLICE_NS = 100'000'000;
  static constexpr std::int64_t WATCH_NS = 150'000;

  // limit: most threads that file requests may use; idle_ns: how long an idle thread stays.
  void configure(unsigned limit, std::int64_t idle_ns);
  void start(const Completion& completion) { completion_ = completion; }

  // DECLINED: no thread exists and none could be made (EAGAIN).
  Verdict submit(chain::Chain& chain);
  bool take(chain::Chain& chain);
  // Wakes an idle thread, if there is one, to look for chores.
  void nudge();
  // More requests of one file are in flight than a waiter should be left alone with.
  void end_deferral();
  // A waiter has taken over a chain, from here or from its lane.
  void waiter_took_one();

  // Calls change(chain) if the chain is QUEUED here, under the lock.
  template <typename Change>
  bool change_queued(chain::Chain& chain, Change change) {
    os::Locked locked(mutex_);
    if (chain::place_of(chain) != chain::Place::QUEUED) return false;
    change(chain);
    return true;
  }

  [[nodiscard]] unsigned created() const { return created_.load(std::memory_order_relaxed); }

 private:
  enum class Need : std::uint8_t { NOTHING, WAKE, THREAD };

  static void* run_thread(void* self);
  void work();
  chain::Chain* next();  // null: leave
  void run(chain::Chain& chain);
  chain::Released run_stream(chain::Chain& chain);
  long try_stream(chain::Chain& chain, bool may_wait);
  bool wait_for_peer(chain::Chain& chain);
  void leave_to_waiters(chain::Chain& chain);
  void set_blocked(bool blocked);
  [[nodiscard]] Need need_locked();
  bool sleep_locked(std::int64_t most_ns);
  [[nodiscard]] bool keep_watch_locked();
  void set_deferring_locked(bool deferring);
  [[nodiscard]] bool is_deferring() const;
  bool satisfy(Need need);
  Verdict abandon_queue(chain::Chain& own, std::uint32_t generation);

  Completion completion_;
  std::atomic<std::uint32_t> created_;
  os::FutexWord sequence_;
  os::Mutex mutex_;
  chain::ChainQueue queue_;
  std::int64_t idle_ns_;
  unsigned limit_;
  unsigned queued_;    // chains in queue_
  unsigned threads_;   // alive or being made
  unsigned starting_;  // being made, have not looked at the queue yet
  unsigned idle_;      // asleep or about to sleep on sequence_
  unsigned waking_;    // of those, woken and not yet looking
  unsigned blocked_;   // in poll for a stream

  std::atomic<std::uint32_t> waiter_takes_;  // counted by waiters, read by the watching worker; relaxed, a hint
  std::atomic<bool> deferring_;              // written under the lock, read without it as a hint: requests that waiters may take wake nobody
  bool watching_;                            // one worker looks now and then
  unsigned vain_wakes_;                      // in a row
};

static_assert(Context<Workers>);

}  // namespace atomrt::exec
