#include "chain/in_flight.h"

namespace atomrt::chain {

void InFlight::enter(Chain& chain) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  place.chains.push_back(chain);
  chain.entered_fd.store(chain.fd, std::memory_order_relaxed);
  chain.entered_for.store(chain.block, std::memory_order_relaxed);
  place.count.store(place.count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

void InFlight::leave(Chain& chain) {
  Bucket& place = bucket(chain.fd);
  os::Locked locked(place.mutex);
  place.chains.remove(chain);
  chain.entered_for.store(nullptr, std::memory_order_relaxed);
  place.count.store(place.count.load(std::memory_order_relaxed) - 1, std::memory_order_release);
}

}  // namespace atomrt::chain
