// SPDX-License-Identifier: MIT
#include "chain/in_flight.h"

namespace atomrt::chain {

namespace {

unsigned direction_of(const Chain& chain) {
  return is_sync(chain.operation) ? 2 : chain.operation == Operation::WRITE ? 1 : 0;
}

}  // namespace

void InFlight::add(Bucket& place, Chain& chain) {
  place.chains.push_back(chain);
  chain.entered.store(static_cast<std::uint32_t>(chain.fd) + 1, std::memory_order_relaxed);
  place.count.store(place.count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

// The chains' descriptors are read under the lock: without it a chain may be recycled for another request meanwhile.
int InFlight::highest() {
  int highest = -1;
  for (Bucket& place : buckets_) {
    if (place.count.load(std::memory_order_acquire) == 0) continue;
    os::Locked locked(place.mutex);
    for (const Chain* chain = place.chains.first(); chain != nullptr; chain = Chains::next(*chain)) {
      if (chain->fd > highest) highest = chain->fd;
    }
  }
  return highest;
}

void InFlight::enter(Chain& chain) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  add(place, chain);
}

void InFlight::enter(Chain& chain, int flags, const os::FileIdentity& identity) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  add(place, chain);
  if (!chain.is_local || !identity.is_regular) return;
  if (place.known.keep(chain.fd)) {
    chain.keeps_known = true;
  } else if (!place.known.is_known()) {
    place.known.note(chain.fd, flags, identity);
    chain.keeps_known = true;
  }
}

void InFlight::end_knowledge(Chain& chain) {
  if (!chain.keeps_known) return;
  chain.keeps_known = false;
  bucket(chain.fd).known.let_go(chain.fd);
}

void InFlight::remove(Bucket& place, Chain& chain) {
  place.chains.remove(chain);
  chain.entered.store(0, std::memory_order_relaxed);
  place.count.store(place.count.load(std::memory_order_relaxed) - 1, std::memory_order_release);
}

void InFlight::leave(Chain& chain) {
  end_knowledge(chain);
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  remove(place, chain);
}

Chain* InFlight::first_of(const Bucket& place, const Chain& chain) {
  Chain* first = place.chains.first();
  while (first != nullptr && (first->fd != chain.fd || first->hold != chain.hold ||
                              direction_of(*first) != direction_of(chain))) {
    first = Chains::next(*first);
  }
  return first;
}

Chain* InFlight::take_parked(int fd, unsigned hold) {
  Bucket& place = bucket(fd);
  os::Locked locked(place.mutex);
  for (Chain* chain = place.chains.first(); chain != nullptr; chain = Chains::next(*chain)) {
    if (chain->fd != fd || chain->hold != hold || place_of(*chain) != Place::PARKED) continue;
    if (first_of(place, *chain) != chain) continue;
    put(*chain, Place::RUNNING);
    return chain;
  }
  return nullptr;
}

bool InFlight::has_turn(const Chain& chain) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  return first_of(place, chain) == &chain;
}

bool InFlight::await_turn(Chain& chain) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  if (first_of(place, chain) == &chain) return true;
  put(chain, Place::PARKED);
  return false;
}

Chain* InFlight::leave_turn(Chain& chain) {
  end_knowledge(chain);
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  remove(place, chain);
  Chain* next = first_of(place, chain);
  if (next == nullptr || place_of(*next) != Place::PARKED) return nullptr;
  put(*next, Place::RUNNING);
  return next;
}

Place InFlight::place_of_turn(const Chain& chain) const {
  const Chain* first = first_of(bucket(chain.fd), chain);
  return first != nullptr ? place_of(*first) : Place::FREE;
}

}  // namespace atomrt::chain
