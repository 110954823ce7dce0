// SPDX-License-Identifier: MIT
// Direct: the context of O_DIRECT transfers of files and disks. Kernel AIO from the submitting thread; completions are
// seen in the ring's memory by whoever looks (aio_error, a waiter, the reaper), and no thread of the library is
// involved.
//
// One kernel context, made by the first such request and given back by the reaper when idle; see direct_contexts.h for
// the others. Refused (DECLINED) are requests that the kernel does not take without waiting, or has no room for: the
// next context does them.
//
// A thread that waits for direct requests alone is the *leader*: it sleeps in the kernel until an event comes. Its
// sleep ends only while an event is not consumed, so nobody else consumes while there is a leader; everybody may
// *process* events. Others who wait are followers on futexes of their own; the leader that leaves wakes one of them.
// The *reaper* is a library thread that leads as long as somebody needs it: a notification, a sync behind direct
// requests, a waiter whose futex must be woken. See reaper.h.
//
// Shared words:
//   users_      PRESENT while there is a kernel context, and how many keep it: requests in flight, and submitters that
//               look at the ring. Only from PRESENT and 0 the reaper takes it down (compare-exchange), and so the
//               ring's memory stays mapped under whoever counted himself in.
//   lookers_    who else looks at the ring, and counts nothing. The reaper asks behind its change of users_.
//   processed_  the next event to look at: written under the lock; read without it as a hint.
//   leader_     the leading thread, 0 for none, LINGERER; written under the lock. A thread that is its own leader's
//               handler leads, too: the frame below it finds out after its sleep.
//   needs_      reasons for the reaper to lead. It is raised before, the bell is rung behind.
//   syncs_      of the common context: syncs that may have to wait behind requests of any context; needs of all.
//   polls_pending_  while it is not 0 the reaper does not rest: it looks now and then whether somebody leads, and where
//               nobody does it waits for the events itself. Raised by submitters before they ask whether it rests,
//               lowered under the lock by who sees the event.
// Locks: mutex_, with all signals blocked; nothing is finished under it.
#pragma once

#include <cerrno>

#include "chain/group.h"
#include "exec/context.h"
#include "exec/head.h"
#include "exec/lookers.h"
#include "exec/reaper.h"
#include "os/kernel_aio.h"
#include "os/mutex.h"

namespace atomrt::exec {

// Which threads settle: an application's, perhaps in a signal handler, makes no threads.
enum class By : bool { APPLICATION, LIBRARY };

// The engine's side of an event: the chain is the caller's (place RUNNING), result what the kernel says.
struct Settlement {
  void* engine;
  void (*settle)(void* engine, chain::Chain& chain, long result, By by);
  void (*ready)(void* engine, chain::Chain& chain, By by);  // a stream whose peer is ready, place MOVING
  void (*offer)(void* engine, chain::Chain& chain);  // place MOVING, on a library thread
  bool (*do_chores)(void* engine);  // on a library thread, after nudge. True: some is left for a later try
};

// The kernel would have had to wait (RWF_NOWAIT), or the file system does not know how not to.
[[nodiscard]] inline bool is_refusal(long result) { return result == -EAGAIN || result == -EOPNOTSUPP; }
// A transfer that ends in the middle of a sector has met the end of the file; one that ends between two may have met
// what can't be had without waiting, and goes on elsewhere as the same request.
[[nodiscard]] inline bool is_cut_short(std::size_t left, long result) {
  constexpr long SECTOR = 512;
  return result > 0 && static_cast<std::size_t>(result) < left && result % SECTOR == 0;
}

// A thread of the library has to be there when it completes: nobody may be looking.
[[nodiscard]] inline bool is_announced(const chain::Request& request) {
  if (request.notification.by != chain::NotifyBy::NOTHING) return true;
  return request.group != nullptr && request.group->notification().by != chain::NotifyBy::NOTHING;
}

// Its words are written by threads that have nothing else to do with each other's contexts.
class alignas(64) Direct {
 public:
  static constexpr std::uint32_t REQUESTS = 256;
  static constexpr std::uint32_t REQUESTS_APART = 8192;  // a kernel has 65,536 in all (fs.aio-max-nr), and takes double
  static constexpr std::int64_t FOLLOWER_NS = 5'000'000;
  static constexpr std::int64_t LEADER_NS = 5'000'000;  // its longest sleep, where its wait has a timeout
  using Thread = std::uintptr_t;

  // COMMON: for transfers and polls; who waits for them may sleep in the kernel. APART: for polls that find no room
  // there, and no ring; only its reaper sees their events. OWN: for transfers of one thread that nobody is told of.
  enum class Role : std::uint8_t { COMMON, APART, OWN };
  // common: of a thread's own.
  void start(const Settlement& settlement, chain::ChainPool& chains, Role role = Role::COMMON,
             Direct* common = nullptr);
  void spawn_by(Spawner& spawner) { reaper_.spawn_by(spawner); }
  void configure(std::int64_t idle_ns) { reaper_.configure(idle_ns); }

  [[nodiscard]] bool is_own() const { return role_ == Role::OWN; }

  // Declines what needs the reaper as long as there is none.
  Verdict submit(chain::Chain& chain, MayStart may_start = MayStart::YES);

  // The same for reads that nobody is told of, with signals as they are: see engine/sent.h. A kernel context is there,
  // and stays until end_sending; null: there is none. A handler may fork anywhere: what the child below it then has is
  // a ring of its parent's, which no kernel call takes from it, and counts that have been wiped.
  [[nodiscard]] os::CompletionRing* begin_sending();
  // How many of the two that begin_sending has counted: the request, and this thread's look.
  void end_sending(unsigned counts);
  struct Answer {
    int error;    // of io_submit: the kernel has not taken it
    long result;  // what it is known to have ended with already, or NOT_YET: true only if nobody has processed it yet
  };
  [[nodiscard]] Answer send(os::CompletionRing& ring, const chain::Request& read, std::uint64_t name);
  // Whether what was sent last, and many before it, had ended when io_submit was over: so do reads that are none of a
  // disk. A hint.
  [[nodiscard]] bool answers_at_once(long result);
  // The kernel has no room, or does not take such reads.
  void note_refusal(int error) {
    if (os::is_refused(-error)) refuse(error);
  }
  // Whether its reaper is needed, which may have found nothing in flight. Then: with signals blocked.
  [[nodiscard]] bool is_needed() const {
    return needs_.load(std::memory_order_seq_cst) > 0 || common().syncs_.load(std::memory_order_seq_cst) > 0;
  }
  // Makes it here only where there is no spawner: its caller may have a chain that others wait for.
  void call_reaper();

  [[nodiscard]] bool is_present() const { return (users_.load(std::memory_order_relaxed) & PRESENT) != 0; }
  // Whether there is a kernel context, made now or before.
  [[nodiscard]] bool is_ready(MayStart may_start);
  // For a stream request that has just found its peer not ready: its owner need not wait.
  Verdict poll(chain::Chain& chain, MayStart may_start = MayStart::YES);
  // For the spawner.
  void make_asked() { reaper_.make_asked(*this); }
  // For who has taken such a request from the place POLLED.
  void forget(chain::Chain& chain);
  // No transfer can be taken back from the kernel.
  bool take(chain::Chain&) { return false; }

  // Whether a look into memory is worth a call of process. Async-signal-safe, without a lock.
  [[nodiscard]] bool has_events();
  // Settles what has completed. Signals are blocked.
  void process(By by);
  [[nodiscard]] bool has_requests() const { return (users_.load(std::memory_order_seq_cst) & COUNT) != 0; }

  // The right to sleep in the kernel, on this ring (os::wait_for_event). Null while another leads, or the reaper has
  // reason to. Signals are blocked.
  [[nodiscard]] os::CompletionRing* lead(Thread thread, By by);
  void stop_leading(Thread thread);
  // In the place of a leader: the reaper, which nobody needs, sleeps in the kernel for the next who may. Whoever wants
  // to lead, leads.
  static constexpr Thread LINGERER = ~Thread{0};

  // From wake_reaper on it leads while requests are in flight, and no thread of the application has to look. False:
  // there is none, and none can be made, or none may be (may_start), or not yet.
  bool add_need(MayStart may_start);
  void drop_need() { take_back(needs_); }
  // A need of all contexts, on the common one; the caller calls their reapers.
  void add_sync() { syncs_.fetch_add(1, std::memory_order_seq_cst); }
  void drop_sync() { take_back(syncs_); }
  void call_reaper_if_busy() {
    if (has_requests()) call_reaper();
  }
  // Its reaper is needed, and could not be made.
  [[nodiscard]] bool lacks_reaper() const { return is_reaper_needed() && !reaper_.is_present(); }
  // The same until the end of a chain IN_AIO that nobody may look after. Undone by drop_need_of.
  void need_for(chain::Chain& chain);
  // Of a chain that is done and waits for its turn: who is told of it may not look after those before it.
  void need_for_parked(chain::Chain& chain);
  void drop_need_of(chain::Chain& chain);

  void wake_reaper() { reaper_.wake(); }

  // A follower's futex: set to 2 and woken when somebody has to lead. False: nobody leads now. Signals are blocked.
  [[nodiscard]] bool follow(os::FutexWord& word);
  void stop_following(os::FutexWord& word);

  // For what an application's thread can't do: the reaper offers the chain to the next contexts. False: there is none.
  [[nodiscard]] bool leave_to_reaper(chain::Chain& chain);

  // For a thread that may make none: the reaper, if there is one, does chores.
  void nudge();

  // A file system that knows no transfers without waiting: not asked again.
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
  static constexpr std::int64_t RETRY_NS = 1'000'000'000;
  static constexpr unsigned MOST_FOLLOWERS = 32;
  static constexpr unsigned BATCH = 32;
  static constexpr std::uint32_t MANY_AT_ONCE = 16;
  static constexpr std::uint32_t A_POLL = 1U << 31;  // in an event's data, beside the chain's number

  // What io_submit is told of a poll, at an address of its own: io_cancel wants to know it.
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
  void end_poll(chain::Chain& chain);
  [[nodiscard]] bool take_polled_locked(chain::Chain& chain, std::uint32_t generation);
  unsigned collect(Completed (&batch)[BATCH], By by);
  void settled();
  void consume_locked(Thread thread);
  [[nodiscard]] bool is_led_locked() const {
    const Thread leader = leader_.load(std::memory_order_relaxed);
    return leader != 0 && leader != LINGERER;
  }
  void wake_next_locked();
  // What this thread has counted. In a child that a handler has forked since, there is nothing to take back.
  static void take_back(std::atomic<std::uint32_t>& count);

  // Itself in memory that a child has found wiped: a handler may fork in the middle of a submission.
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
  // Changes with each thread of the application that leads.
  [[nodiscard]] std::uint32_t leads_made() const { return leads_made_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_led() {
    os::Locked locked(mutex_);
    return is_led_locked();
  }
  [[nodiscard]] bool is_without_leader() {
    os::Locked locked(mutex_);
    return ring_.load(std::memory_order_relaxed) != nullptr && !is_led_locked();
  }
  // The ring to sleep on without being needed, or null where that may be missed. Ended by stop_leading(LINGERER).
  [[nodiscard]] os::CompletionRing* linger(Thread thread);
  [[nodiscard]] bool offer_leftover();
  [[nodiscard]] bool has_leftovers();
  [[nodiscard]] bool do_chores();
  [[nodiscard]] bool give_back();

  [[nodiscard]] bool is_apart() const { return role_ == Role::APART; }

  Settlement settlement_;
  Role role_;
  std::atomic<Direct*> common_;  // of a thread's own; else null
  chain::ChainPool* chains_;
  std::atomic<std::uint32_t> users_;
  Lookers lookers_;
  std::atomic<std::uint32_t> needs_;
  std::atomic<std::uint32_t> syncs_;
  std::atomic<std::uint32_t> at_once_;  // reads in a row that had ended when io_submit was over; a hint
  std::atomic<std::uint32_t> processed_;
  std::atomic<os::CompletionRing*> ring_;  // written under the lock while users_ is not PRESENT
  std::atomic<std::int64_t> refusal_;      // no context before that moment
  Devices avoided_;
  std::atomic<Thread> leader_;
  std::atomic<std::uint32_t> settling_;  // threads between an event and the end of what it sets going
  os::Mutex mutex_;
  std::atomic<bool> has_chores_;  // set before the bell is rung, cleared by the reaper
  chain::ChainQueue leftovers_;
  os::FutexWord* followers_[MOST_FOLLOWERS];
  std::atomic<bool> has_no_polls_;            // the kernel, or a filter, lets nobody take one back
  std::atomic<std::uint32_t> polls_made_;     // by any thread, a hint for the patrol
  std::atomic<std::uint32_t> leads_made_;     // the same; written under the lock
  std::atomic<std::uint32_t> polls_pending_;  // submitted, their events not seen
  os::SlotPool<Poll, 448, 512> polls_;        // a chunk is just below eight pages
  Reaper reaper_;
};

static_assert(Context<Direct>);

}  // namespace atomrt::exec
