#include "chain/in_flight.h"

namespace atomrt::chain {

void InFlight::add(Bucket& place, Chain& chain) {
  place.chains.push_back(chain);
  chain.entered.store(static_cast<std::uint32_t>(chain.fd) + 1, std::memory_order_relaxed);
  place.count.store(place.count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
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
  if (chain.is_local && identity.is_regular && !place.known.is_known()) place.known.note(chain.fd, flags, identity);
}

void InFlight::leave(Chain& chain) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  place.chains.remove(chain);
  chain.entered.store(0, std::memory_order_relaxed);
  const std::uint32_t left = place.count.load(std::memory_order_relaxed) - 1;
  place.count.store(left, std::memory_order_release);
  if (left == 0) place.known.forget();
}

}  // namespace atomrt::chain
