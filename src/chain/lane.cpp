#include "chain/lane.h"

namespace atomrt::chain {
namespace {

std::uint32_t hash(const FileKey& key) {
  std::uint64_t mixed = (key.inode * 0x9E3779B97F4A7C15ULL) ^ (key.device * 0xC2B2AE3D27D4EB4FULL) ^
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

// A sync of a stream fails with EINVAL whatever came before; a stream's chains need no list for it.
bool is_member(const Chain& chain) { return chain.kind == os::FileKind::POSITIONAL; }

ChainQueue& held_queue(Lane& lane, Order order) { return is_read_order(order) ? lane.held_reads : lane.held_writes; }
Chain*& active(Lane& lane, Order order) { return is_read_order(order) ? lane.active_read : lane.active_write; }

bool must_wait(const Lane& lane, const Chain& chain) {
  switch (chain.order) {
    case Order::NONE:
      return false;
    case Order::STREAM_READS:
      return lane.active_read != nullptr;
    case Order::STREAM_WRITES:
    case Order::APPENDS:
    case Order::DRAINED_WRITES:
      return lane.active_write != nullptr;
    case Order::SYNC:
      return is_member(chain) && lane.members.first() != &chain;
  }
  return false;
}

}  // namespace

FileKey file_key(const os::FileIdentity& identity, int fd) {
  return {identity.device, identity.inode, identity.is_shared_inode ? fd : -1};
}

Order order_of(const Request& request) {
  if (is_sync(request.operation)) return Order::SYNC;
  const bool writes = request.operation == Operation::WRITE;
  if (request.kind == os::FileKind::STREAM) return writes ? Order::STREAM_WRITES : Order::STREAM_READS;
  if (!writes) return Order::NONE;
  if (request.append) return Order::APPENDS;
  return request.direct ? Order::NONE : Order::DRAINED_WRITES;
}

LaneTable::Entry LaneTable::enter(Chain& chain, const FileKey& key) {
  const std::uint32_t bucket = hash(key) % BUCKETS;
  os::Locked locked(buckets_[bucket].mutex);
  Lane* lane = find_or_make(bucket, key);
  if (lane == nullptr) return Entry::NO_MEMORY;
  const bool crowded = ++lane->population > FEW;
  chain.is_crowded.store(crowded, std::memory_order_relaxed);
  chain.lane = lane;
  if (is_member(chain)) lane->members.push_back(chain);
  if (must_wait(*lane, chain)) {
    if (chain.order != Order::SYNC) held_queue(*lane, chain.order).push_back(chain);
    put(chain, Place::HELD);
    return crowded ? Entry::HELD_IN_CROWD : Entry::HELD;
  }
  if (has_turns(chain.order)) {
    active(*lane, chain.order) = &chain;
  }
  return Entry::GO;
}

Released LaneTable::leave(Chain& chain) {
  Released released{};
  Lane* lane = chain.lane;
  if (lane == nullptr) return released;
  os::Locked locked(buckets_[lane->bucket].mutex);
  if (is_member(chain)) lane->members.remove(chain);
  if (chain.is_out_of_turn) --lane->out_of_turn;
  if (has_turns(chain.order) && active(*lane, chain.order) == &chain) {
    Chain* next = held_queue(*lane, chain.order).pop_front();
    active(*lane, chain.order) = next;
    if (next != nullptr) {
      put(*next, Place::MOVING);
      released.chains[0] = next;
    }
  }
  Chain* oldest = lane->members.first();
  if (oldest != nullptr && oldest->order == Order::SYNC && place_of(*oldest) == Place::HELD) {
    put(*oldest, Place::MOVING);
    released.chains[1] = oldest;
  }
  chain.lane = nullptr;
  if (--lane->population == 0) remove(*lane);
  return released;
}

bool LaneTable::take_held(Chain& chain, bool to_run) {
  Lane* lane = chain.lane;
  if (lane == nullptr) return false;
  os::Locked locked(buckets_[lane->bucket].mutex);
  if (place_of(chain) != Place::HELD) return false;
  if (to_run) {
    if (chain.order != Order::DRAINED_WRITES || lane->out_of_turn > 0) return false;
    if (lane->active_write != nullptr && place_of(*lane->active_write) != Place::QUEUED) return false;
    chain.is_out_of_turn = true;
    ++lane->out_of_turn;
  }
  if (chain.order != Order::SYNC) held_queue(*lane, chain.order).remove(chain);
  put(chain, Place::RUNNING);
  return true;
}

Lane* LaneTable::find(std::uint32_t bucket, const FileKey& key) const {
  Lane* lane = buckets_[bucket].first;
  while (lane != nullptr && lane->key != key) lane = lane->next;
  return lane;
}

bool LaneTable::is_busy(const FileKey& key, Order order) {
  const std::uint32_t bucket = hash(key) % BUCKETS;
  os::Locked locked(buckets_[bucket].mutex);
  Lane* lane = find(bucket, key);
  return lane != nullptr && active(*lane, order) != nullptr;
}

Lane* LaneTable::find_or_make(std::uint32_t bucket, const FileKey& key) {
  if (Lane* present = find(bucket, key)) return present;
  Bucket& place = buckets_[bucket];
  Lane* lane = pool_.take();
  if (lane == nullptr) return nullptr;
  lane->key = key;
  lane->bucket = bucket;
  lane->population = 0;
  lane->active_read = lane->active_write = nullptr;
  lane->out_of_turn = 0;
  lane->members = {};
  lane->held_reads = {};
  lane->held_writes = {};
  lane->next = place.first;
  place.first = lane;
  return lane;
}

void LaneTable::remove(Lane& lane) {
  Lane** link = &buckets_[lane.bucket].first;
  while (*link != &lane) link = &(*link)->next;
  *link = lane.next;
  pool_.give(lane);
}

}  // namespace atomrt::chain
