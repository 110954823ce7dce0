// SPDX-License-Identifier: MIT
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

void InFlight::leave(Chain& chain) {
  end_knowledge(chain);
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  place.chains.remove(chain);
  chain.entered.store(0, std::memory_order_relaxed);
  place.count.store(place.count.load(std::memory_order_relaxed) - 1, std::memory_order_release);
}

}  // namespace atomrt::chain
