// SPDX-License-Identifier: MIT
// Chain: a Request that could not be completed in its submitter, with what the library must know while it is in
// flight. Pooled and type-stable; named by number and generation.
//
// Shared words:
//   state    {generation, Place}. Who may move it from where is in place.h; whoever does so owns the chain until it
//            stores another place (release). The generation rises when the chain is recycled, so that a claim by an old
//            name fails.
//   waiters  {generation, waiter}: see waiters.h. Exchanged at publish.
//   io_fd    the descriptor to use; the owner loads it before each system call, hold.cpp replaces it when the
//            application is about to close the number.
//   entered  where the chain is in flight: see InFlight::with.
//   runner   the thread that runs it, or sits in poll for it, or RING_POLLS: written by the owner, relaxed, for
//            whoever looks (pending.h).
// The owner writes all else, but for `lane` and its link in a LATE chain: the thread that lets the chain into its lane
// writes these (latecomers.h).
#pragma once

#include <atomic>
#include <cassert>

#include "base/list.h"
#include "base/tuning.h"
#include "chain/place.h"
#include "chain/probes.h"
#include "os/futex.h"
#include "os/slot_pool.h"
#include "os/thread.h"

namespace atomrt::chain {

struct Lane;

// Which earlier chains of the same file must be over first.
enum class Order : std::uint8_t {
  NONE,            // none: positional reads, direct writes
  STREAM_READS,    // the earlier reads of the stream
  STREAM_WRITES,   // the earlier writes of the stream
  APPENDS,         // the earlier buffered writes of the file
  DRAINED_WRITES,  // none is required; but one worker drains a file's buffered writes, as several would only wait
                   // for each other on the kernel's inode lock
  SYNC,            // all earlier chains of the file
  LATE,            // none; its file, and so its lane, is looked up only when it has to be known: see latecomers.h
};

// What it was entered in, and so what its owner has to take it out of at its end.
enum class Way : std::uint8_t {
  LISTED,  // by InFlight, and its lane or Latecomers
  LONE,    // by LoneTable
  SENT,    // by SentTable
};

// The next step after publish.
enum class Tail : std::uint8_t { NOTIFY, COUNTDOWN, NOTIFY_GROUP, DONE };

// A duplicate of a descriptor that the application has closed. `holders` counts its chains, and the closing call while
// it hands it out; the last one closes it.
struct Hold : os::Slot {
  std::atomic<std::uint32_t> holders;
  int fd;
  std::uint16_t entry;  // in the table of all duplicates
};
using HoldPool = os::SlotPool<Hold, 64, 16>;  // their numbers fit Chain::hold

constexpr std::uint8_t NEEDS_REAPER = 1;  // in Chain::in_direct

// Kept small: there may be a hundred thousand.
struct Chain : os::Slot, Request {
  std::atomic<std::uint64_t> state;
  std::atomic<std::uint64_t> waiters;
  std::atomic<int> io_fd;
  std::atomic<std::uint32_t> entered;  // fd + 1 while in flight, else 0: written under the lock of InFlight's bucket
  Order order;
  Tail tail;
  bool is_out_of_turn : 1;  // a waiter took it from its lane before its turn
  bool keeps_known : 1;     // what is known of its descriptor: see known_file.h
  bool is_polled : 1;       // BLOCKED in the ring, not in a thread
  bool tells_late : 1;      // ENDING: its waiters are woken when its tail has run, or has found no thread
  bool is_counted : 1;      // among those that may want threads; see engine.h, expect_threads
  bool is_stream_counted : 1;  // in Engine::streams, since it has been in a lane by its order
  // How many chains of its file were in flight when it came, itself included, up to 255; a hint, relaxed.
  std::atomic<std::uint8_t> company;
  std::atomic<std::uint8_t> in_direct;  // NEEDS_REAPER, and above it the number of its context
  // LONE or SENT until it has left that table. Written by the submitter, and by the owner at its end.
  std::atomic<Way> way;
  // Written under the lock of InFlight's bucket, by the thread that is about to close its descriptor; read under that
  // lock, and by the owner once the chain has left InFlight.
  std::uint16_t hold : 15;      // number of the Hold that keeps its file, 0 for none
  std::uint16_t was_begun : 1;  // it had begun by then: its system call may still have to look up the number
  Lane* lane;
  base::Link<Chain> in_flight_link;
  union {
    base::Link<Chain> member_link;  // all chains of the lane, if it is a file's; or Latecomers'
    std::uint32_t watchers;         // where it tells_late: the waiters to wake
  };
  union {
    base::Link<Chain> queue_link;   // held in the lane, or queued in a context: never both
    std::uint32_t poll;             // polled for, and so neither: number of its poll in the direct context; the owner's
  };
  std::uint32_t submitter;            // see submitter_of
  std::atomic<std::uint32_t> runner;
};

static_assert(sizeof(void*) != 8 || sizeof(Chain) == 192);

// A chunk is 24 pages without a byte left over.
using ChainPool = os::SlotPool<Chain, 512, 8192>;
using ChainQueue = base::List<Chain, &Chain::queue_link>;

constexpr std::uint64_t packed(std::uint32_t generation, std::uint32_t low) {
  return std::uint64_t{generation} << 32 | low;
}
constexpr std::uint32_t generation_of(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
constexpr std::uint32_t low_of(std::uint64_t word) { return static_cast<std::uint32_t>(word); }

[[nodiscard]] inline std::uint32_t generation_of(const Chain& chain) {
  return generation_of(chain.state.load(std::memory_order_relaxed));
}
[[nodiscard]] inline aiocb::RequestName name_of(const Chain& chain) { return {chain.number, generation_of(chain)}; }
[[nodiscard]] inline Place place_of(const Chain& chain) {
  return static_cast<Place>(low_of(chain.state.load(std::memory_order_acquire)));
}

[[nodiscard]] inline bool is_at(const Chain& chain, std::uint32_t generation, Place place) {
  return chain.state.load(std::memory_order_acquire) == packed(generation, static_cast<std::uint32_t>(place));
}

// For the log of events, by the thread that has just claimed the chain. After a move within one phase the chain may be
// another thread's already, so it is not touched.
inline void probe_claimed(const Chain& chain, Place from, Place to) {
  if (phase_of(from) == phase_of(to)) return;
  if (chain.is_traced) [[unlikely]] add_move(chain, phase_of(from), phase_of(to));
}

// For the owner (or under the lock that the place belongs to).
inline void put(Chain& chain, Place place) {
  assert(may_move(place_of(chain), place));
  if (chain.is_traced) [[unlikely]] add_move(chain, phase_of(place_of(chain)), phase_of(place));
  chain.state.store(packed(generation_of(chain), static_cast<std::uint32_t>(place)), std::memory_order_release);
}

// Takes the chain over, if it is still that generation's and still at that place.
[[nodiscard]] inline bool claim(Chain& chain, std::uint32_t generation, Place from, Place to = Place::RUNNING) {
  assert(may_be_claimed(from, to));
  std::uint64_t expected = packed(generation, static_cast<std::uint32_t>(from));
  const bool is_claimed =
      chain.state.compare_exchange_strong(expected, packed(generation, static_cast<std::uint32_t>(to)),
                                          std::memory_order_acq_rel, std::memory_order_relaxed);
  if (is_claimed) probe_claimed(chain, from, to);
  return is_claimed;
}

// The number of the kernel AIO context that it is or was in; written by the owner, before the kernel has the chain.
[[nodiscard]] inline unsigned aio_context_of(const Chain& chain) {
  return chain.in_direct.load(std::memory_order_acquire) >> 1;
}
inline void set_aio_context(Chain& chain, unsigned context) {
  const auto present = chain.in_direct.load(std::memory_order_relaxed);
  assert((present & NEEDS_REAPER) == 0 || present >> 1 == context);
  if (present >> 1 == context) return;
  chain.in_direct.store(static_cast<std::uint8_t>(context << 1), std::memory_order_relaxed);
}
// Its context counts it among those that need the reaper: see Direct::need_for. Whoever clears the flag uncounts it.
[[nodiscard]] inline bool needs_reaper(const Chain& chain) {
  return (chain.in_direct.load(std::memory_order_relaxed) & NEEDS_REAPER) != 0;
}
// Returns what it was.
inline bool set_needs_reaper(Chain& chain) {
  return (chain.in_direct.fetch_or(NEEDS_REAPER, std::memory_order_acq_rel) & NEEDS_REAPER) != 0;
}
inline bool clear_needs_reaper(Chain& chain) {
  constexpr auto OTHERS = static_cast<std::uint8_t>(~NEEDS_REAPER);
  return (chain.in_direct.fetch_and(OTHERS, std::memory_order_acq_rel) & NEEDS_REAPER) != 0;
}

// The thread that made it; 0 where threads have no known numbers. Relaxed: a waiter reads it without owning the chain.
[[nodiscard]] inline std::uint32_t submitter_of(const Chain& chain) {
  return __atomic_load_n(&chain.submitter, __ATOMIC_RELAXED);
}

// The aiocb has its result, though the chain may still be in flight.
[[nodiscard]] inline bool is_published(const Chain& chain) {
  return generation_of(chain.waiters.load(std::memory_order_acquire)) != generation_of(chain);
}
// A thread has registered to be woken by publish. A hint: one may come at any time.
[[nodiscard]] inline bool is_watched(const Chain& chain) {
  return low_of(chain.waiters.load(std::memory_order_relaxed)) != 0;
}
// When it came, no other chain of its file was in flight; or more than tuning::CROWD_LIMIT were, itself included.
[[nodiscard]] inline bool is_alone(const Chain& chain) { return chain.company.load(std::memory_order_relaxed) == 1; }
[[nodiscard]] inline bool is_crowded(const Chain& chain) {
  return chain.company.load(std::memory_order_relaxed) > tuning::CROWD_LIMIT;
}
[[nodiscard]] inline bool is_stream_transfer(const Chain& chain) {
  return chain.kind == os::FileKind::STREAM && !is_sync(chain.operation);
}

// The descriptor to use, for the owner, which has put the chain at RUNNING or MOVING before. The fence pairs with that
// of the thread that replaces the descriptor (engine/hold.cpp, give): either that thread sees that the chain has begun,
// and waits until it has entered the kernel, or this finds the duplicate.
[[nodiscard]] inline int descriptor_of(const Chain& chain) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return chain.io_fd.load(std::memory_order_acquire);
}

// For the owner, before it runs the chain.
inline void note_runner(Chain& chain) { chain.runner.store(os::this_thread_number(), std::memory_order_relaxed); }

// A free chain that takes the request over, at place MOVING or LONE, or SENDING (to that context), or SENDING_POLL
// (by that poll). Null when memory is short.
[[nodiscard]] Chain* adopt(ChainPool& pool, const Request& request, Place place = Place::MOVING, unsigned context = 0,
                           std::uint32_t poll = 0);
// The same for a request of which only the tail is left; place ENDING.
[[nodiscard]] Chain* adopt_tail(ChainPool& pool, const Request& request, Tail tail);

// Like claim, but waits while another thread briefly holds the chain MOVING. False: it is elsewhere.
[[nodiscard]] inline bool claim_patiently(Chain& chain, std::uint32_t generation, Place from, Place to) {
  assert(may_be_claimed(from, to));
  for (os::Patience patience;; patience.wait()) {
    std::uint64_t present = packed(generation, static_cast<std::uint32_t>(from));
    if (chain.state.compare_exchange_strong(present, packed(generation, static_cast<std::uint32_t>(to)),
                                            std::memory_order_acq_rel, std::memory_order_acquire)) {
      probe_claimed(chain, from, to);
      return true;
    }
    if (present != packed(generation, static_cast<std::uint32_t>(Place::MOVING))) return false;
  }
}

// Gives it back to the pool: every name of it is stale from here on. Publish has closed its waiters' word.
void recycle(ChainPool& pool, Chain& chain);

}  // namespace atomrt::chain
