// SPDX-License-Identifier: MIT
// Latecomers: chains that are in no lane yet (order LATE). A transfer that has no order needs none, and asking the
// kernel for its file takes a system call. A sync lets all of them into their lanes before it enters its own; so does
// the owner of one that has to go on elsewhere than in the kernel. One whose file can no longer be known stays: no sync
// waits for it.
//
// Entered by submitters (also of a sync), finishers, and the thread that reaps a refusal. One lock, taken before a
// bucket's of InFlight and a lane's. While a chain is here its `lane` and the link of that lane's members belong to
// this list; its owner looks at neither.
#pragma once

#include "chain/lane.h"

namespace atomrt::chain {

class Latecomers {
 public:
  // The chain's order becomes LATE.
  void enter(Chain& chain);
  // A hint, unless the caller is ordered after the thread that entered.
  [[nodiscard]] bool any() const { return count_.load(std::memory_order_acquire) != 0; }
  // For the owner of a LATE chain that is over. True: it is in no lane, and nobody lets it into one any more.
  [[nodiscard]] bool take(Chain& chain);
  // For the owner of one that goes on. False: it is in its lane. True: enter() has let it in, or has found no memory,
  // before anybody could see that it has left this list.
  template <typename Enter>
  [[nodiscard]] bool move(Chain& chain, Enter enter) {
    os::Locked locked(mutex_);
    if (chain.lane != nullptr) return false;
    chains_.remove(chain);
    enter();
    count_.fetch_sub(1, std::memory_order_release);
    return true;
  }
  // Lets the chains into their lanes. key_of(const Chain&, FileKey&): false where it has none; it stays here.
  template <typename KeyOf>
  void place_all(LaneTable& lanes, KeyOf key_of) {
    os::Locked locked(mutex_);
    for (Chain* chain = chains_.first(); chain != nullptr;) {
      Chain* next = Chains::next(*chain);
      FileKey key;
      if (key_of(static_cast<const Chain&>(*chain), key)) place(lanes, *chain, key);
      chain = next;
    }
  }

 private:
  using Chains = base::List<Chain, &Chain::member_link>;
  void place(LaneTable& lanes, Chain& chain, const FileKey& key);

  os::Mutex mutex_;
  std::atomic<std::uint32_t> count_;  // written under the mutex; read without it to skip an empty list
  Chains chains_;
};

}  // namespace atomrt::chain
