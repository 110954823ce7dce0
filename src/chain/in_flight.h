// SPDX-License-Identifier: MIT
// InFlight: which chains are in flight under which descriptor number; what aio_cancel and closing look at. As long as
// a bucket is locked no chain in it can be recycled. Entered by submitters, finishers, cancellers; one lock a bucket,
// taken before any lane's or queue's lock.
//
// A thread that looks at chains here may meet one that another thread owns for a moment. It never waits with the bucket
// locked: the owner may need that lock, or one held by a thread that waits for it. Instead the visitor asks to look
// again (AGAIN), and is called again when the chain has moved.
//
// With ATOMRT_ORDER=calls a chain stays here until it has notified. Its turn to publish comes when no earlier chain of
// its descriptor and direction is here. If its operation is done before that, it is PARKED and has no owner: the thread
// that ends the chain whose turn it is takes over the next one, if that is parked. A number that was closed means
// another descriptor afterwards: the chains from before have a hold.
#pragma once

#include "chain/chain.h"
#include "chain/known_file.h"
#include "os/mutex.h"

namespace atomrt::chain {

// What a visitor of a chain wants: AGAIN when another thread has it for a moment (MOVING, say).
enum class Visit : std::uint8_t { DONE, AGAIN };

class InFlight {
 public:
  using Chains = base::List<Chain, &Chain::in_flight_link>;

  void enter(Chain& chain);
  // The same, and notes what is known of the file for the requests that follow.
  void enter(Chain& chain, int flags, const os::FileIdentity& identity);
  // Its result is about to be stored: it no longer keeps what is known of its file.
  void end_knowledge(Chain& chain);
  void leave(Chain& chain);

  // For the owner: whether no earlier call comes first.
  [[nodiscard]] bool has_turn(const Chain& chain);
  // The same; a chain whose turn has not come is PARKED, and no longer the caller's.
  [[nodiscard]] bool await_turn(Chain& chain);
  // Leaves. If the chain whose turn comes next is parked, takes it over: RUNNING, the caller's. Else null.
  [[nodiscard]] Chain* leave_turn(Chain& chain);
  // For the thread that gave the hold: takes over (RUNNING) one of its chains that is parked in its turn. Or null.
  [[nodiscard]] Chain* take_parked(int fd, unsigned hold);
  // The place of the chain whose turn it is; called with the bucket locked (from within `with`).
  [[nodiscard]] Place place_of_turn(const Chain& chain) const;

  [[nodiscard]] bool may_have(int fd) const { return bucket(fd).count.load(std::memory_order_acquire) != 0; }

  // The highest number that has one, or -1. Signals are blocked.
  [[nodiscard]] int highest();

  // What is known of fd's file while a request under fd has no result yet. False: ask the kernel.
  [[nodiscard]] bool knows(int fd) const { return bucket(fd).known.is_of(fd); }
  bool recall(int fd, int& flags, os::FileIdentity& identity) const {
    return bucket(fd).known.recall(fd, flags, identity);
  }
  // The descriptor is about to go away.
  void forget(int fd) {
    Bucket& place = bucket(fd);
    os::Locked locked(place.mutex);
    place.known.forget();
  }

  // For the owner of a chain: calls change() with its bucket locked, as a thread that looks at the chain has it.
  template <typename Change>
  void change(const Chain& chain, Change change) {
    os::Locked locked(bucket(chain.fd).mutex);
    change();
  }

  // Calls visit(chain) for each chain under fd that entered before this call, with the bucket locked. visit may take
  // locks of lanes and queues. AGAIN: wait(chain, state) is called without the lock, with the state from before the
  // visit, and then visit once more if the chain is still there. Signals are blocked.
  template <typename Visitor, typename Wait>
  void for_each(int fd, Visitor visit, Wait wait) {
    Bucket& place = bucket(fd);
    if (place.count.load(std::memory_order_acquire) == 0) return;
    Mark end, here;
    place.mutex.lock();
    place.chains.push_back(end);
    for (Chain* chain = place.chains.first(); chain != &end;) {
      const std::uint64_t state = chain->state.load(std::memory_order_acquire);
      if (chain->fd != fd || visit(*chain) == Visit::DONE) {
        chain = Chains::next(*chain);
        continue;
      }
      place.chains.insert_before(*chain, here);
      place.mutex.unlock();
      wait(static_cast<const Chain&>(*chain), state);
      place.mutex.lock();
      chain = Chains::next(here);  // the same, or the next one if it has left
      place.chains.remove(here);
    }
    place.chains.remove(end);
    place.mutex.unlock();
  }
  template <typename Visitor>
  void for_each(int fd, Visitor visit) {
    for_each(fd, visit, wait_for_move);
  }

  // Calls visit(chain) with the bucket locked if the chain of that name is in flight for that aiocb; AGAIN: once more
  // when it has moved. False: it is not, or not any more.
  template <typename Visitor>
  bool with(ChainPool& pool, aiocb::RequestName name, const struct aiocb* block, int fd, Visitor visit) {
    Chain* chain = pool.at(name.number);
    if (chain == nullptr || fd < 0) return false;
    for (;;) {
      std::uint64_t state;
      {
        os::Locked locked(bucket(fd).mutex);
        // Only atomics are read until the chain is known to be in this bucket, where the lock keeps it: `entered`
        // becomes that number, and 0 again, under this lock.
        if (chain->entered.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(fd) + 1) return false;
        if (generation_of(*chain) != name.generation || chain->block != block) return false;
        state = chain->state.load(std::memory_order_acquire);
        if (visit(*chain) == Visit::DONE) return true;
      }
      wait_for_move(*chain, state);
    }
  }

 private:
  // Keeps a visitor's place in a bucket's list while it is unlocked, or marks where the list ended when the visit
  // began. It is a chain of no descriptor.
  struct Mark : Chain {
    Mark() : Chain{} { fd = -1; }
  };
  // Waits until it is elsewhere, or published. The chain may have been recycled for another request: only atomics.
  // `state` is from before the visit, which may have met a later one. If it is a place that lasts there is no wait: the
  // chain may be back there for long (BLOCKED, MOVING, BLOCKED). The visitor then looks again at once; that look comes
  // after the visit's in the order of the word, so it finds the place met there, or a later one.
  static void wait_for_move(const Chain& chain, std::uint64_t state) {
    const auto place = static_cast<Place>(low_of(state));
    if (!is_between(place) && place != Place::ENDING) return;
    for (os::Patience patience; chain.state.load(std::memory_order_acquire) == state &&
                                generation_of(chain.waiters.load(std::memory_order_acquire)) == generation_of(state);) {
      patience.wait();
    }
  }

  static constexpr unsigned BUCKETS = 4096;
  struct Bucket {
    os::Mutex mutex;
    std::atomic<std::uint32_t> count;  // written under the mutex; read without it to skip empty buckets
    Chains chains;  // in the order of the calls
    KnownFile known;  // of the first number of this bucket of whose file anything was known
  };
  static void add(Bucket& place, Chain& chain);
  static void remove(Bucket& place, Chain& chain);
  [[nodiscard]] static Chain* first_of(const Bucket& place, const Chain& chain);
  [[nodiscard]] Bucket& bucket(int fd) { return buckets_[static_cast<unsigned>(fd) % BUCKETS]; }
  [[nodiscard]] const Bucket& bucket(int fd) const { return buckets_[static_cast<unsigned>(fd) % BUCKETS]; }

  Bucket buckets_[BUCKETS];
};

}  // namespace atomrt::chain
