// SPDX-License-Identifier: MIT
#include "chain/latecomers.h"

namespace atomrt::chain {

void Latecomers::enter(Chain& chain) {
  chain.order = Order::LATE;
  chain.company.store(1, std::memory_order_relaxed);
  os::Locked locked(mutex_);
  chains_.push_back(chain);
  count_.fetch_add(1, std::memory_order_release);
}

bool Latecomers::take(Chain& chain) {
  os::Locked locked(mutex_);
  if (chain.lane != nullptr) return false;
  chains_.remove(chain);
  count_.fetch_sub(1, std::memory_order_relaxed);
  chain.order = Order::NONE;
  return true;
}

// If there is no memory for its lane it stays: then there is none for the sync's lane either, and the sync is refused.
void Latecomers::place(LaneTable& lanes, Chain& chain, const FileKey& key) {
  chains_.remove(chain);
  if (lanes.enter(chain, key) == LaneTable::Entry::NO_MEMORY) {
    chains_.push_front(chain);
  } else {
    count_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace atomrt::chain
