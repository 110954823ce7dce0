// SPDX-License-Identifier: MIT
#include "chain/lane.h"

#include <sys/sysmacros.h>

namespace atomrt::chain {
namespace {

std::uint32_t hash(const FileKey& key) {
  std::uint64_t mixed = (key.inode * 0x9E3779B97F4A7C15ULL) ^ (std::uint64_t{key.device} * 0xC2B2AE3D27D4EB4FULL) ^
                        (static_cast<std::uint64_t>(key.fd + 1) * 0x165667B19E3779F9ULL);
  mixed ^= mixed >> 29;
  mixed *= 0xBF58476D1CE4E5B9ULL;
  return static_cast<std::uint32_t>(mixed >> 40);
}

bool is_read_order(Order order) { return order == Order::STREAM_READS; }
bool is_write_order(Order order) {
  return order == Order::STREAM_WRITES || order == Order::APPENDS || order == Order::DRAINED_WRITES;
}

bool has_turns(Order order) { return is_read_order(order) || is_write_order(order); }

// A sync of a stream fails with EINVAL whatever came before it, so a stream's lane needs no list of members. All chains
// of a lane are of one kind, that of its file.
bool is_member(const Chain& chain) { return chain.kind == os::FileKind::POSITIONAL; }

ChainQueue& held_queue(Lane& lane, Order order) { return is_read_order(order) ? lane.held_reads : lane.held_writes; }
Chain*& active(Lane& lane, Order order) { return is_read_order(order) ? lane.active_read : lane.active_write; }

bool must_wait(const Lane& lane, const Chain& chain) {
  switch (chain.order) {
    case Order::NONE:
    case Order::LATE:
      return false;
    case Order::STREAM_READS:
      return lane.active_read != nullptr || lane.has_guess != 0;
    case Order::STREAM_WRITES:
    case Order::DRAINED_WRITES:
      return lane.active_write != nullptr;
    case Order::APPENDS:
      return lane.active_write != nullptr || lane.has_guess != 0;
    case Order::SYNC:
      return is_member(chain) && lane.members.first() != &chain;
  }
  return false;
}

// One that has been let into its lane as it is, has no turn, and is waited for by what may have to come after it. There
// is one write and one read of a stream at most (LoneTable::begin_guess, SentTable::begin_stream).
bool is_guess(const Chain& chain) { return chain.order == Order::LATE && (may_append(chain) || !is_member(chain)); }
bool waits_for_guess(Order order) { return order == Order::APPENDS || order == Order::STREAM_READS; }

}  // namespace

FileKey file_key(const os::FileIdentity& identity, int fd) {
  // The kernel's own device numbers have 12 and 20 bits.
  const std::uint32_t device = major(identity.device) << 20 | minor(identity.device);
  constexpr int MOST = 0x3fffffff;  // the kernel has no more descriptors than that
  return {identity.inode, device, identity.is_shared_inode ? fd & MOST : -1};
}

Order order_of(const Request& request) {
  if (is_sync(request.operation)) return Order::SYNC;
  const bool writes = request.operation == Operation::WRITE;
  if (request.kind == os::FileKind::STREAM) return writes ? Order::STREAM_WRITES : Order::STREAM_READS;
  if (!writes) return Order::NONE;
  if (request.append) return Order::APPENDS;
  return request.direct ? Order::NONE : Order::DRAINED_WRITES;
}

LaneTable::Entry LaneTable::enter(Chain& chain, FileKey key) {
  key.is_stream = !is_member(chain);
  Bucket& bucket = bucket_of(key);
  os::Locked locked(bucket.mutex);
  Lane* lane = find_or_make(bucket, key);
  if (lane == nullptr) return Entry::NO_MEMORY;
  const unsigned company = ++lane->population;
  chain.company.store(static_cast<std::uint8_t>(company < 255 ? company : 255), std::memory_order_relaxed);
  chain.lane = lane;
  if (is_member(chain)) lane->members.push_back(chain);
  if (is_guess(chain)) lane->has_guess = 1;
  if (chain.order == Order::APPENDS) appends_.fetch_add(1, std::memory_order_release);
  if (must_wait(*lane, chain)) {
    if (chain.order != Order::SYNC) held_queue(*lane, chain.order).push_back(chain);
    put(chain, Place::HELD);
    return is_crowded(chain) ? Entry::HELD_IN_CROWD : Entry::HELD;
  }
  if (has_turns(chain.order)) {
    active(*lane, chain.order) = &chain;
  }
  return Entry::GO;
}

Chain* LaneTable::pass_on_order(Lane& lane, Chain& chain) {
  if (chain.is_out_of_turn) lane.has_out_of_turn = 0;
  chain.is_out_of_turn = false;
  if (is_guess(chain)) {
    lane.has_guess = 0;
    const Order held = lane.key.is_stream ? Order::STREAM_READS : Order::APPENDS;
    return active(lane, held) == nullptr ? begin_next(lane, held) : nullptr;
  }
  if (!has_turns(chain.order) || active(lane, chain.order) != &chain) return nullptr;
  return begin_next(lane, chain.order);
}

Chain* LaneTable::begin_next(Lane& lane, Order order) {
  Chain* next = held_queue(lane, order).first();
  if (next != nullptr && waits_for_guess(next->order) && lane.has_guess != 0) next = nullptr;
  active(lane, order) = next;
  if (next == nullptr) return nullptr;
  held_queue(lane, order).remove(*next);
  put(*next, Place::MOVING);
  return next;
}

Released LaneTable::end_operation(Chain& chain) {
  // While a chain is in no lane yet, its `lane` belongs to Latecomers.
  if (chain.order == Order::LATE || chain.lane == nullptr) return {};
  os::Locked locked(bucket_of(*chain.lane).mutex);
  return {{pass_on_order(*chain.lane, chain), nullptr}};
}

Released LaneTable::leave(Chain& chain) {
  Released released{};
  Lane* lane = chain.lane;
  if (lane == nullptr) return released;
  Bucket& bucket = bucket_of(*lane);
  os::Locked locked(bucket.mutex);
  if (is_member(chain)) lane->members.remove(chain);
  released.chains[0] = pass_on_order(*lane, chain);
  Chain* oldest = is_member(chain) ? lane->members.first() : nullptr;
  if (oldest != nullptr && oldest->order == Order::SYNC && place_of(*oldest) == Place::HELD) {
    put(*oldest, Place::MOVING);
    released.chains[1] = oldest;
  }
  if (chain.order == Order::APPENDS) appends_.fetch_sub(1, std::memory_order_relaxed);
  chain.lane = nullptr;
  if (--lane->population == 0) remove(bucket, *lane);
  return released;
}

bool LaneTable::take_held(Chain& chain, bool to_run) {
  Lane* lane = chain.lane;
  if (lane == nullptr) return false;
  os::Locked locked(bucket_of(*lane).mutex);
  if (place_of(chain) != Place::HELD) return false;
  if (to_run) {
    if (chain.order != Order::DRAINED_WRITES || lane->has_out_of_turn != 0) return false;
    if (lane->active_write != nullptr && place_of(*lane->active_write) != Place::QUEUED) return false;
    chain.is_out_of_turn = true;
    lane->has_out_of_turn = 1;
  }
  if (chain.order != Order::SYNC) held_queue(*lane, chain.order).remove(chain);
  put(chain, Place::RUNNING);
  return true;
}

void LaneTable::retire(FileKey key) {
  if (key.fd < 0) return;
  Bucket& bucket = bucket_of(key);
  os::Locked locked(bucket.mutex);
  for (const bool is_stream : {false, true}) {
    key.is_stream = is_stream;
    if (Lane* lane = find(bucket, key)) lane->is_retired = 1;
  }
}

LaneTable::Bucket& LaneTable::bucket_of(const FileKey& key) { return buckets_[hash(key) % BUCKETS]; }

Lane* LaneTable::find(const Bucket& bucket, const FileKey& key) const {
  Lane* lane = pool_.at(bucket.first);
  while (lane != nullptr && (lane->key != key || lane->is_retired != 0)) lane = pool_.at(lane->next);
  return lane;
}

bool LaneTable::is_busy(FileKey key, Order order) {
  key.is_stream = order == Order::STREAM_READS || order == Order::STREAM_WRITES;
  Bucket& bucket = bucket_of(key);
  os::Locked locked(bucket.mutex);
  Lane* lane = find(bucket, key);
  return lane != nullptr && (active(*lane, order) != nullptr || (waits_for_guess(order) && lane->has_guess != 0));
}

Lane* LaneTable::find_or_make(Bucket& bucket, const FileKey& key) {
  if (Lane* present = find(bucket, key)) return present;
  Lane* lane = pool_.take();
  if (lane == nullptr) return nullptr;
  lane->key = key;
  lane->next = bucket.first;
  lane->population = 0;
  lane->has_out_of_turn = lane->has_guess = 0;
  lane->is_retired = 0;
  lane->active_read = lane->active_write = nullptr;
  lane->members = {};  // and with them held_reads, in the same word: null is an empty list of either
  lane->held_writes = {};
  bucket.first = lane->number;
  return lane;
}

void LaneTable::remove(Bucket& bucket, Lane& lane) {
  std::uint32_t* link = &bucket.first;
  while (*link != lane.number) link = &pool_.at(*link)->next;
  *link = lane.next;
  pool_.give(lane);
}

}  // namespace atomrt::chain
