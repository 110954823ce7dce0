// InFlight: which chains are in flight under which descriptor number; what aio_cancel and closing look at. As long as
// a bucket is locked no chain in it can be recycled. Entered by submitters, finishers, cancellers; one lock a bucket,
// taken before any lane's or queue's lock.
#pragma once

#include "chain/chain.h"
#include "chain/known_file.h"
#include "os/mutex.h"

namespace atomrt::chain {

class InFlight {
 public:
  using Chains = base::List<Chain, &Chain::in_flight_link>;

  void enter(Chain& chain);
  // The same, and what is known of the file is noted for those that follow.
  void enter(Chain& chain, int flags, const os::FileIdentity& identity);
  // Its result is about to be stored: it keeps nothing known any more.
  void end_knowledge(Chain& chain);
  void leave(Chain& chain);
  [[nodiscard]] bool may_have(int fd) const { return bucket(fd).count.load(std::memory_order_acquire) != 0; }

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

  // Calls visit(chain) for each chain under fd, with the bucket locked. visit may take locks of lanes and queues.
  template <typename Visitor>
  void for_each(int fd, Visitor visit) {
    Bucket& place = bucket(fd);
    if (place.count.load(std::memory_order_acquire) == 0) return;
    os::Locked locked(place.mutex);
    for (Chain* chain = place.chains.first(); chain != nullptr;) {
      Chain* next = Chains::next(*chain);
      if (chain->fd == fd) visit(*chain);
      chain = next;
    }
  }

  // Calls visit(chain) with the bucket locked if the chain of that name is in flight for that aiocb.
  template <typename Visitor>
  bool with(ChainPool& pool, aiocb::RequestName name, const struct aiocb* block, int fd, Visitor visit) {
    Chain* chain = pool.at(name.number);
    if (chain == nullptr || fd < 0) return false;
    os::Locked locked(bucket(fd).mutex);
    // Atomics only until it is known that the chain is in this bucket, where the lock keeps it: `entered` becomes that
    // number, and 0 again, under this lock.
    if (chain->entered.load(std::memory_order_relaxed) != static_cast<std::uint32_t>(fd) + 1) return false;
    if (generation_of(*chain) != name.generation || chain->block != block) return false;
    visit(*chain);
    return true;
  }

 private:
  static constexpr unsigned BUCKETS = 4096;
  struct Bucket {
    os::Mutex mutex;
    std::atomic<std::uint32_t> count;  // written under the mutex; read without it to skip empty buckets
    Chains chains;
    KnownFile known;  // of the first number of this bucket that had something to tell
  };
  static void add(Bucket& place, Chain& chain);
  [[nodiscard]] Bucket& bucket(int fd) { return buckets_[static_cast<unsigned>(fd) % BUCKETS]; }
  [[nodiscard]] const Bucket& bucket(int fd) const { return buckets_[static_cast<unsigned>(fd) % BUCKETS]; }

  Bucket buckets_[BUCKETS];
};

}  // namespace atomrt::chain
