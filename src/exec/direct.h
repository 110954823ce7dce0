// SPDX-License-Identifier: MIT
// Direct: the context of O_DIRECT transfers of files and disks, and of polls for streams. Kernel AIO from the
// submitting thread; whoever looks (aio_error, a waiter, the reaper) sees completions in the ring's memory, so that no
// thread of the library need be involved.
//
// One kernel context, made by the first such request and given back by the reaper when idle; see direct_contexts.h for
// the others. Requests that the kernel does not take without waiting, or has no room for, are DECLINED: the next
// context does them.
//
// A thread that waits for direct requests alone is the *leader*: it sleeps in the kernel until an event comes. Its
// sleep ends only if there is an event not yet *consumed* (the ring's head moved past it), so nobody else consumes
// while there is a leader; everybody may *process* events. Other waiting threads are followers, on futexes of their
// own; a leader that leaves wakes one of them. The *reaper* is a library thread that leads as long as something needs
// it: a notification, a sync after direct requests, a waiter whose futex must be woken. See reaper.h.
//
// Shared words:
//   users_      PRESENT while there is a kernel context, and a count of its users: requests in flight, and submitters
//               that look at the ring. The reaper gives the context back only from PRESENT and a count of 0
//               (compare-exchange), so the ring's memory stays mapped while a thread is counted.
//   lookers_    threads that look at the ring without being counted. The reaper asks after its change of users_.
//   processed_  the next event to look at: written under the lock; read without it as a hint.
//   leader_     the leading thread, 0 for none, LINGERER; written under the lock. A handler that interrupted the leader
//               leads, too: the frame below it notices after its sleep.
//   needs_      the number of reasons for the reaper to lead. Raised first; then the bell is rung.
//   syncs_      in the common context: syncs that may have to wait for requests of any context; a need of all reapers.
//   polls_pending_  while it is not 0 the reaper patrols: it looks now and then whether a thread leads, and if none
//               does, waits for the events itself. Raised by submitters before they ask whether it rests, lowered under
//               the lock by the thread that sees the event. Who sends a poll raises it with signals not blocked; if a
//               handler forks right before, the child's count is taken back when io_submit has failed there; if it
//               forks right after, and the child has a poll of its own, its reaper sees that one up to a second late.
// Locks: mutex_, with all signals blocked; nothing is finished under it.
#pragma once

#include <cerrno>

#include "base/tuning.h"
#include "chain/group.h"
#include "exec/head.h"
#include "exec/host.h"
#include "exec/lookers.h"
#include "exec/reaper.h"
#include "os/kernel_aio.h"
#include "os/mutex.h"

namespace atomrt::exec {

// The kernel would have had to wait (RWF_NOWAIT), or the file system does not support RWF_NOWAIT.
[[nodiscard]] inline bool is_refusal(long result) { return result == -EAGAIN || result == -EOPNOTSUPP; }
// A transfer that ends in the middle of a sector has met the end of the file. One that ends at a sector's end may have
// met what can't be transferred without waiting: the rest is left to another context.
[[nodiscard]] inline bool is_cut_short(std::size_t left, long result) {
  constexpr long SECTOR = 512;
  return result > 0 && static_cast<std::size_t>(result) < left && result % SECTOR == 0;
}
// Whether another context has to go on with a transfer, if it has ended.
[[nodiscard]] inline bool is_left_over(std::size_t left, std::optional<long> result) {
  return result && (is_refusal(*result) || is_cut_short(left, *result));
}

// Whether a library thread has to see the completion, as the request notifies and no other thread may be looking.
[[nodiscard]] inline bool is_announced(const chain::Request& request) {
  if (request.notification.by != chain::NotifyBy::NOTHING) return true;
  return request.group != nullptr && request.group->notification().by != chain::NotifyBy::NOTHING;
}

// Aligned: different threads write the words of different contexts, which must not share a cache line.
class alignas(64) Direct {
 public:
  static constexpr std::uint32_t REQUESTS = tuning::CONTEXT_REQUESTS;
  static constexpr std::uint32_t REQUESTS_APART = tuning::CONTEXT_REQUESTS_APART;
  using Thread = std::uintptr_t;

  // COMMON: for transfers and polls; threads that wait for them may sleep in the kernel. APART: for polls that find no
  // room there, and no ring; only its reaper sees their events. OWN: for one thread's transfers that notify nobody.
  enum class Role : std::uint8_t { COMMON, APART, OWN };
  // common: the common context, for a thread's own; else null.
  void start(const Host& host, chain::ChainPool& chains, Role role = Role::COMMON,
             Direct* common = nullptr);
  void spawn_by(Spawner& spawner) { reaper_.spawn_by(spawner); }
  void configure(std::int64_t idle_ns) { reaper_.configure(idle_ns); }

  [[nodiscard]] bool is_own() const { return role_ == Role::OWN; }

  // Declines requests that need the reaper while there is none.
  Verdict submit(chain::Chain& chain, MayStart may_start = MayStart::YES);

  // The same for reads that notify nobody, without a change of the signal mask: see engine/sent.h. The kernel context
  // stays until end_sending; null: there is none. A handler may fork anywhere: the interrupted code then goes on in the
  // child with the parent's ring, which the kernel does not accept from it, and counts that have been wiped.
  [[nodiscard]] os::CompletionRing* begin_sending();
  // begin_sending has counted two, the request and this thread's look; counts: how many of them to take back.
  void end_sending(unsigned counts);
  struct Answer {
    int error;    // of io_submit; not 0: the kernel has not taken the read
    std::optional<long> result;  // of the read, if it has ended already. Valid only if no other thread has processed it
  };
  [[nodiscard]] Answer send(os::CompletionRing& ring, const chain::Request& read, std::uint64_t name);
  // The number of a poll for the next, to be named in its chain before another thread knows of that; 0: there is none,
  // or no reaper.
  [[nodiscard]] std::uint32_t take_poll();
  void give_poll(std::uint32_t number) { polls_.give(*polls_.at(number)); }
  // The same for a stream's read: has the kernel poll for it. A result: its peer is ready.
  [[nodiscard]] Answer send_poll(os::CompletionRing& ring, int fd, std::uint32_t number, aiocb::RequestName name);
  // Whether call_patrol, with signals blocked, has to wake the reaper for what was sent.
  [[nodiscard]] bool lacks_patrol() const { return reaper_.rests(); }
  void call_patrol() { reaper_.wake_to_patrol(); }
  // Whether the last read sent, and many before it, had ended when io_submit returned: reads of a disk do not. A hint.
  [[nodiscard]] bool answers_at_once(std::optional<long> result);
  // io_submit has failed: no room, or such reads are not supported, or forbidden.
  void note_refusal(int error) {
    if (os::is_refused(-error)) refuse(error);
  }
  // Whether the reaper is needed. It may have found nothing in flight and rest: then call_reaper, with signals blocked.
  [[nodiscard]] bool is_needed() const {
    return needs_.load(std::memory_order_seq_cst) > 0 || common().syncs_.load(std::memory_order_seq_cst) > 0;
  }
  // Creates the reaper on this thread only if there is no spawner, as the caller may own a chain that others wait for.
  void call_reaper();

  [[nodiscard]] bool is_present() const { return (users_.load(std::memory_order_relaxed) & PRESENT) != 0; }
  // Whether there is a kernel context, made now or before.
  [[nodiscard]] bool is_ready(MayStart may_start);
  // For a stream request that has just found its peer not ready: the kernel polls for it.
  Verdict poll(chain::Chain& chain, MayStart may_start = MayStart::YES);
  // For the spawner.
  void make_asked() { reaper_.make_asked(*this); }
  // For the thread that has claimed such a request from POLLED or POLLED_APART.
  void forget(chain::Chain& chain);
  // For the thread that has claimed it from where it was polled for, or found it READY, or not taken by the kernel.
  void end_poll(chain::Chain& chain);
  // A transfer can't be taken back from the kernel.
  bool take(chain::Chain&) { return false; }

  // Whether the ring has events that are not processed. Async-signal-safe, without a lock.
  [[nodiscard]] bool has_events();
  // Settles what has completed. Signals are blocked.
  void process(By by);
  [[nodiscard]] bool has_requests() const { return (users_.load(std::memory_order_seq_cst) & COUNT) != 0; }

  // The right to sleep in the kernel, on this ring (os::wait_for_event). Null while another thread leads, or the reaper
  // is needed. Signals are blocked.
  [[nodiscard]] os::CompletionRing* lead(Thread thread, By by);
  void stop_leading(Thread thread);
  // Stands in for the leader while the reaper, though not needed, sleeps in the kernel because it may be needed soon.
  // Any thread may become the leader meanwhile.
  static constexpr Thread LINGERER = ~Thread{0};

  // After wake_reaper the reaper leads while requests are in flight, and no application's thread has to look. False:
  // there is no reaper, and none can be made, or may be (may_start), or it is not there yet.
  bool add_need(MayStart may_start);
  void drop_need() { take_back(needs_); }
  // A need of all contexts, counted in the common one; the caller calls their reapers.
  void add_sync() { syncs_.fetch_add(1, std::memory_order_seq_cst); }
  void drop_sync() { take_back(syncs_); }
  void call_reaper_if_busy() {
    if (has_requests()) call_reaper();
  }
  // The reaper is needed, but does not exist.
  [[nodiscard]] bool lacks_reaper() const { return is_reaper_needed() && !reaper_.is_present(); }
  // add_need until the end of a chain IN_AIO, as perhaps no thread looks. Undone by drop_need_of.
  void need_for(chain::Chain& chain);
  // For a chain that is done and waits for its turn: whoever it notifies may not look at those before it.
  void need_for_parked(chain::Chain& chain);
  void drop_need_of(chain::Chain& chain);

  void wake_reaper() { reaper_.wake(); }

  // Registers a follower's futex, which is set to POKED and woken when a thread has to lead. False: nobody leads now.
  // Signals are blocked.
  [[nodiscard]] bool follow(os::FutexWord& word);
  void stop_following(os::FutexWord& word);

  // For what an application's thread can't do: the reaper offers the chain to the next contexts. False: there is no
  // reaper.
  [[nodiscard]] bool leave_to_reaper(chain::Chain& chain);

  // For a thread that may create none: the reaper, if there is one, does chores.
  void nudge();

  // Remembers a file system that does not support RWF_NOWAIT: it is not asked again.
  void avoid(const chain::Chain& chain) {
    if (chain.lane != nullptr) common().avoided_.add(chain.lane->key.device);
  }
  [[nodiscard]] bool is_avoided(std::uint32_t device) const { return common().avoided_.contains(device); }

  [[nodiscard]] bool is_refused() const { return refusal_.load(std::memory_order_relaxed) == FOR_EVER; }
  [[nodiscard]] unsigned created() const { return reaper_.created(); }

 private:
  friend class Reaper;
  static constexpr std::uint32_t PRESENT = 1U << 31;
  static constexpr std::uint32_t COUNT = PRESENT - 1;
  static constexpr std::int64_t FOR_EVER = INT64_MAX;
  static constexpr unsigned BATCH = tuning::EVENT_BATCH;
  static constexpr std::uint32_t A_POLL = 1U << 31;  // a bit in an event's data, beside the chain's number

  // A poll's iocb, kept at its address, by which io_cancel identifies the poll.
  struct Poll : os::Slot {
    iocb entry;
  };
  struct Completed {
    chain::Chain* chain;
    long result;
    bool is_poll;
  };

  [[nodiscard]] bool enter(std::uint32_t counts, MayStart may_start);
  bool make_context(MayStart may_start);
  void refuse(int error);
  Verdict withdraw(chain::Chain& chain, int error);
  [[nodiscard]] bool announce(chain::Chain& chain, MayStart may_start);
  static void leave_kernel(const chain::Chain& chain) {
    if (chain.group != nullptr) chain.group->leave_kernel();
  }
  Verdict decline(Poll& poll);
  [[nodiscard]] bool take_polled_locked(chain::Chain& chain, std::uint32_t generation);
  unsigned collect(Completed (&batch)[BATCH], By by);
  void settled();
  void consume_locked(Thread thread);
  [[nodiscard]] bool is_led_locked() const {
    const Thread leader = leader_.load(std::memory_order_relaxed);
    return leader != 0 && leader != LINGERER;
  }
  void wake_next_locked();
  // Takes back what this thread has counted. In a child that a handler has forked since then, there is nothing to take
  // back.
  static void take_back(std::atomic<std::uint32_t>& count);

  // *this if the pointer is null: in the common context, and in a child, whose memory is wiped even in the middle of a
  // submission.
  [[nodiscard]] const Direct& common() const {
    const Direct* const common = common_.load(std::memory_order_relaxed);
    return common != nullptr ? *common : *this;
  }
  [[nodiscard]] Direct& common() { return const_cast<Direct&>(static_cast<const Direct&>(*this).common()); }
  // The reaper's side.
  [[nodiscard]] bool is_reaper_needed() const { return is_needed() && has_requests(); }
  [[nodiscard]] bool may_sleep_in_kernel();
  [[nodiscard]] bool has_polls() const { return polls_pending_.load(std::memory_order_seq_cst) != 0; }
  // Changes with each poll.
  [[nodiscard]] std::uint32_t polls_made() const { return polls_made_.load(std::memory_order_relaxed); }
  // Changes each time an application's thread takes the lead.
  [[nodiscard]] std::uint32_t leads_made() const { return leads_made_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_led() {
    os::Locked locked(mutex_);
    return is_led_locked();
  }
  [[nodiscard]] bool is_without_leader() {
    os::Locked locked(mutex_);
    return ring_.load(std::memory_order_relaxed) != nullptr && !is_led_locked();
  }
  // The ring to sleep on without being needed, or null if the sleep could miss something. Ended by
  // stop_leading(LINGERER).
  [[nodiscard]] os::CompletionRing* linger(Thread thread);
  [[nodiscard]] bool offer_leftover();
  [[nodiscard]] bool has_leftovers();
  [[nodiscard]] bool do_chores();
  [[nodiscard]] bool give_back();

  [[nodiscard]] bool is_apart() const { return role_ == Role::APART; }

  Host host_;
  Role role_;
  std::atomic<Direct*> common_;  // set in a thread's own; else null
  chain::ChainPool* chains_;
  std::atomic<std::uint32_t> users_;
  Lookers lookers_;
  std::atomic<std::uint32_t> needs_;
  std::atomic<std::uint32_t> syncs_;
  std::atomic<std::uint32_t> at_once_;  // reads in a row that had ended when io_submit was over; a hint
  std::atomic<std::uint32_t> processed_;
  std::atomic<os::CompletionRing*> ring_;  // written under the lock while users_ is not PRESENT
  std::atomic<std::int64_t> refusal_;      // no context is made before that moment
  Devices avoided_;
  std::atomic<Thread> leader_;
  std::atomic<std::uint32_t> settling_;  // threads that have collected events and not settled all of them
  os::Mutex mutex_;
  std::atomic<bool> has_chores_;  // set before the bell is rung, cleared by the reaper
  chain::ChainQueue leftovers_;
  os::FutexWord* followers_[tuning::MOST_FOLLOWERS];
  std::atomic<bool> has_no_polls_;            // the kernel or a filter has no io_cancel
  std::atomic<std::uint32_t> polls_made_;     // by any thread, a hint for the patrol
  std::atomic<std::uint32_t> leads_made_;     // the same; written under the lock
  std::atomic<std::uint32_t> polls_pending_;  // submitted, their events not seen
  os::SlotPool<Poll, 448, 512> polls_;        // a chunk is just below eight pages
  Reaper reaper_;
};

static_assert(Context<Direct>);

}  // namespace atomrt::exec
