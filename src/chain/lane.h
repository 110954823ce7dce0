// SPDX-License-Identifier: MIT
// Lane: the order kept between chains of one file, by device and inode, so that dup'ed descriptors share it. A lane
// exists while the file has chains in flight.
//
// Order within a lane: stream reads one after the other, stream writes likewise, appends and drained writes likewise,
// a sync after all that came before it; positional reads and direct writes wait for nothing. A guess has been let in
// without a turn, while the kernel or another thread has it: an append also waits for a write that may be one
// (engine/lone.h), a stream's read for one that was sent (engine/sent.h). A drained write that is held may be taken
// out of turn by a waiter (take_held) as long as nobody writes to the file: two writers would only wait for each other
// in the kernel.
//
// LaneTable is entered by submitters, finishers, cancellers and waiters; one lock a bucket of the hash, taken after
// InFlight's and never together with another lane's.
#pragma once

#include "chain/chain.h"
#include "os/mutex.h"

namespace atomrt::chain {

struct FileKey {
  std::uint64_t inode;
  std::uint32_t device;
  int fd : 31;  // -1, or the number where the inode does not tell files apart (character devices, anonymous inodes)
  bool is_stream : 1 = false;  // set by the table; descriptors of one file may differ, by how each was opened
  friend bool operator==(const FileKey&, const FileKey&) = default;
};

[[nodiscard]] FileKey file_key(const os::FileIdentity& identity, int fd);

// The order that a request takes part in.
[[nodiscard]] Order order_of(const Request& request);

// Kept small: each stream with a request has one.
struct Lane : os::Slot {
  FileKey key;
  std::uint32_t next;              // number of the next lane of its bucket, 0 for none
  std::uint32_t population : 29;   // chains that entered and have not left
  std::uint32_t is_retired : 1;    // the number of its key means another file now: look-ups skip it
  std::uint32_t has_guess : 1;     // a LATE write that may be an append, or stream's read, is there; it has no turn
  std::uint32_t has_out_of_turn : 1;  // a waiter took a held write, and runs it now
  Chain* active_read;   // the one of its order that runs, or is on its way to a context
  Chain* active_write;
  union {  // by the key's is_stream
    base::List<Chain, &Chain::member_link> members;  // of a file, in order of submission
    ChainQueue held_reads;                           // of a stream
  };
  ChainQueue held_writes;
};
static_assert(sizeof(void*) != 8 || sizeof(Lane) == 64);

// Chains that may go on now, place MOVING: at most the next one of the same order, and one sync.
struct Released {
  Chain* chains[2];
};

class LaneTable {
 public:
  enum class Entry : std::uint8_t { GO, HELD, HELD_IN_CROWD, NO_MEMORY };

  // Puts the chain (MOVING, or a LATE one that keeps its place) at the end of its file's lane. HELD…: the lane keeps it
  // until its turn; IN_CROWD: more than tuning::CROWD_LIMIT chains of the file are in flight.
  Entry enter(Chain& chain, FileKey key);
  // True when a chain of that file and order would have to wait.
  [[nodiscard]] bool is_busy(FileKey key, Order order);
  // Appends are in flight, of any file. A hint, unless the caller is ordered after the thread that entered.
  [[nodiscard]] bool has_appends() const { return appends_.load(std::memory_order_acquire) != 0; }
  // The chain's operation is done, but it is not over: returns the next of its order. A sync still waits for it.
  [[nodiscard]] Released end_operation(Chain& chain);
  // The chain is over, or gives up: returns those that it held back.
  [[nodiscard]] Released leave(Chain& chain);
  // The number of the key is about to mean another file, whose requests wait for none of this one's.
  void retire(FileKey key);
  // Takes a HELD chain out, place RUNNING; to_run: only if its order allows to run it now and no thread writes to the
  // file.
  bool take_held(Chain& chain, bool to_run);
  // Calls change(chain) if the chain is HELD, under the lane's lock.
  template <typename Change>
  bool change_held(Chain& chain, Change change) {
    Lane* lane = chain.lane;
    if (lane == nullptr) return false;
    os::Locked locked(bucket_of(*lane).mutex);
    if (place_of(chain) != Place::HELD) return false;
    change(chain);
    return true;
  }

 private:
  static constexpr std::uint32_t BUCKETS = 16384;
  struct Bucket {
    os::Mutex mutex;
    std::uint32_t first;  // number of a lane, 0 for none
  };

  [[nodiscard]] Bucket& bucket_of(const FileKey& key);
  [[nodiscard]] Bucket& bucket_of(const Lane& lane) { return bucket_of(lane.key); }
  [[nodiscard]] Lane* find(const Bucket& bucket, const FileKey& key) const;
  Lane* find_or_make(Bucket& bucket, const FileKey& key);
  void remove(Bucket& bucket, Lane& lane);
  [[nodiscard]] static Chain* pass_on_order(Lane& lane, Chain& chain);
  [[nodiscard]] static Chain* begin_next(Lane& lane, Order order);

  Bucket buckets_[BUCKETS];
  std::atomic<std::uint32_t> appends_;  // that have entered and not left
  os::SlotPool<Lane, 64, 16384> pool_;  // a chunk is one page
};

}  // namespace atomrt::chain
