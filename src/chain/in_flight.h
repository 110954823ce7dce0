// SPDX-License-Identifier: MIT
// InFlight: which chains are in flight under which descriptor number; what aio_cancel and closing look at. As long as
// a bucket is locked no chain in it can be recycled. Entered by submitters, finishers, cancellers; one lock a bucket,
// taken before any lane's or queue's lock.
//
// A thread that looks at chains here may meet one that another thread owns for a moment. It never waits for that with
// the bucket locked, as the owner may need a lock that it, or a thread that waits for the bucket, holds: visitors say
// that they want to look again, and are called again when the chain has moved.
//
// Where the order of the calls is kept (ATOMRT_ORDER=calls) a chain stays here until it has notified, and it is its
// turn to publish when no earlier one of its descriptor and direction is here. One whose operation is done before is
// PARKED, and belongs to nobody: whoever ends the one whose turn it is takes over the next one, if that is parked. A
// number that was closed is another descriptor: its chains have a hold.
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
  // The same, and what is known of the file is noted for those that follow.
  void enter(Chain& chain, int flags, const os::FileIdentity& identity);
  // Its result is about to be stored: it keeps nothing known any more.
  void end_knowledge(Chain& chain);
  void leave(Chain& chain);

  // For the owner: whether no earlier call comes first.
  [[nodiscard]] bool has_turn(const Chain& chain);
  // The same, and where it has not, it is PARKED, and no longer the caller's.
  [[nodiscard]] bool await_turn(Chain& chain);
  // Leaves, and takes over the chain whose turn it is then, where that is parked: RUNNING, the caller's. Else null.
  [[nodiscard]] Chain* leave_turn(Chain& chain);
  // One of that hold that is parked though it has its turn, for who has given the hold: RUNNING, the caller's. Or null.
  [[nodiscard]] Chain* take_parked(int fd, unsigned hold);
  // Where the one stands whose turn comes first; with the bucket locked (from within `with`).
  [[nodiscard]] Place place_of_turn(const Chain& chain) const;

  [[nodiscard]] bool may_have(int fd) const { return bucket(fd).count.load(std::memory_order_acquire) != 0; }

  // The highest number that has one, or -1. Signals are blocked.
  [[nodiscard]] int highest();

  // What is known of the file that requests under fd, without a result yet, go to. False: ask the kernel.
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

  // For the owner of a chain: calls change() with its bucket locked, as who looks at the chain has it.
  template <typename Change>
  void change(const Chain& chain, Change change) {
    os::Locked locked(bucket(chain.fd).mutex);
    change();
  }

  // Calls visit(chain) for each chain under fd that has entered before, with the bucket locked. visit may take locks of
  // lanes and queues. AGAIN: wait(chain, state) is called without the lock, with the state from before the visit, and
  // then visit once more if the chain is still there. Signals are blocked.
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
      chain = Chains::next(here);  // the same, or the one after it where it has left
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
        // Atomics only until it is known that the chain is in this bucket, where the lock keeps it: `entered` becomes
        // that number, and 0 again, under this lock.
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
  // Until it is elsewhere, or has been published. The chain may be gone, and its place another's: only atomics.
  // The state is from before the visit, which may have met a later one: a place that lasts is not waited at, as the
  // chain may be back there for long (BLOCKED, MOVING, BLOCKED). The next look comes after the visit's in the order of
  // the word, so it has the place met there, or a later one.
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
    KnownFile known;  // of the first number of this bucket that had something to tell
  };
  static void add(Bucket& place, Chain& chain);
  static void remove(Bucket& place, Chain& chain);
  [[nodiscard]] static Chain* first_of(const Bucket& place, const Chain& chain);
  [[nodiscard]] Bucket& bucket(int fd) { return buckets_[static_cast<unsigned>(fd) % BUCKETS]; }
  [[nodiscard]] const Bucket& bucket(int fd) const { return buckets_[static_cast<unsigned>(fd) % BUCKETS]; }

  Bucket buckets_[BUCKETS];
};

}  // namespace atomrt::chain
