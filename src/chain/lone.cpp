// SPDX-License-Identifier: MIT
#include "chain/lone.h"

namespace atomrt::chain {

Chain* LoneTable::present(const ChainPool& pool, std::uint64_t name) {
  Chain* chain = pool.at(low_of(name));
  if (chain == nullptr || generation_of(*chain) != generation_of(name)) return nullptr;
  return chain->way.load(std::memory_order_relaxed) == Way::LONE ? chain : nullptr;
}

bool LoneTable::enter(const ChainPool& pool, const Chain& chain) {
  Spot& spot = spot_of(chain.fd);
  std::uint64_t found = 0;
  const std::uint64_t name = word_of(chain);
  if (spot.name.compare_exchange_strong(found, name, std::memory_order_seq_cst)) return true;
  return present(pool, found) == nullptr && spot.name.compare_exchange_strong(found, name, std::memory_order_seq_cst);
}

bool LoneTable::begin_guess(const ChainPool& pool, const Chain& chain) {
  std::uint64_t found = guess_.load(std::memory_order_acquire);
  return !is_in_flight(pool, found) &&
         guess_.compare_exchange_strong(found, word_of(chain), std::memory_order_acq_rel, std::memory_order_relaxed);
}

void LoneTable::withdraw(const Chain& chain) {
  std::uint64_t name = word_of(chain);
  spot_of(chain.fd).name.compare_exchange_strong(name, 0, std::memory_order_relaxed);
}

bool LoneTable::put_back(Chain& chain) {
  Spot& spot = spot_of(chain.fd);
  os::Locked locked(spot.mutex);
  if (spot.name.load(std::memory_order_relaxed) != word_of(chain)) return false;
  put(chain, Place::LONE);
  return true;
}

bool LoneTable::leave(Chain& chain) {
  if (chain.way.load(std::memory_order_relaxed) != Way::LONE) return false;
  Spot& spot = spot_of(chain.fd);
  os::Locked locked(spot.mutex);
  chain.way.store(Way::LISTED, std::memory_order_relaxed);
  // By compare-exchange: from the store above on the name is stale, and a submitter may replace it.
  std::uint64_t name = word_of(chain);
  spot.name.compare_exchange_strong(name, 0, std::memory_order_release, std::memory_order_relaxed);
  return chain.entered.load(std::memory_order_relaxed) == 0;
}

}  // namespace atomrt::chain
