// SPDX-License-Identifier: MIT
#include "chain/waiters.h"

#include <cassert>

namespace atomrt::chain {
namespace {

constexpr std::uint32_t NOBODY = 0;
constexpr std::uint32_t SHARED = UINT32_MAX;
constexpr std::uint32_t TELLING = UINT32_MAX;  // in a word that publish has closed: the notification is not out

// Returns the low half that was there.
std::uint32_t close(Chain& chain, std::uint32_t low) {
  return low_of(chain.waiters.exchange(packed(generation_of(chain) + 1, low), std::memory_order_seq_cst));
}

}  // namespace

Waiter* WaiterHold::waiter() const {
  Waiter* const named = named_.load(std::memory_order_relaxed);
  return named != nullptr && named->holder.load(std::memory_order_relaxed) == name() ? named : nullptr;
}

Waiter* WaiterTable::take(WaiterHold& hold, std::uint32_t first) {
  const std::uint32_t made = pool_.made();
  for (std::uint32_t i = 0; i < made; ++i) {
    Waiter* const waiter = pool_.at((first + i) % made + 1);
    if (waiter == nullptr) return nullptr;  // a handler forked in between: the child
    std::uintptr_t present = waiter->holder.load(std::memory_order_relaxed);
    // A frame of this thread that was left unseen (setcontext) may have left the same name.
    if (present != 0 && present != hold.name()) continue;
    hold.named_.store(waiter, std::memory_order_relaxed);
    if (waiter->holder.compare_exchange_strong(present, hold.name(), std::memory_order_acq_rel,
                                               std::memory_order_relaxed)) {
      return waiter;
    }
  }
  return nullptr;
}

Waiter* WaiterTable::enter(WaiterHold& hold, std::uint32_t first) {
  Waiter* waiter = take(hold, first);
  while (waiter == nullptr && pool_.grow()) waiter = take(hold, first);
  if (waiter == nullptr) return nullptr;
  waiter->shares.store(0, std::memory_order_relaxed);
  waiter->bell.store(os::QUIET, std::memory_order_relaxed);
  return waiter;
}

// In a child that a handler has forked the slots' memory has been wiped: they belong to no thread.
void WaiterTable::leave(WaiterHold& hold) {
  Waiter* const waiter = hold.named_.load(std::memory_order_relaxed);
  if (waiter == nullptr) return;
  std::uintptr_t present = hold.name();
  waiter->holder.compare_exchange_strong(present, 0, std::memory_order_release, std::memory_order_relaxed);
  hold.named_.store(nullptr, std::memory_order_relaxed);
}

Watch WaiterTable::watch(Chain& chain, std::uint32_t generation, Waiter& waiter) {
  std::uint64_t word = chain.waiters.load(std::memory_order_acquire);
  for (;;) {
    if (generation_of(word) != generation) return Watch::OVER;
    const std::uint32_t present = low_of(word);
    if (present == waiter.number) return Watch::WATCHED;
    const std::uint32_t next = present == NOBODY ? waiter.number : SHARED;
    if (present == SHARED) waiter.shares.store(1, std::memory_order_seq_cst);
    if (!chain.waiters.compare_exchange_weak(word, packed(generation, next), std::memory_order_seq_cst,
                                             std::memory_order_acquire)) {
      continue;
    }
    if (present == NOBODY || present == SHARED) return Watch::WATCHED;
    // The two share the chain from now on. Publish may have come between the exchange and these stores, and then has
    // missed both: the word tells.
    Waiter* const found = pool_.at(present);
    if (found == nullptr) return Watch::OVER;  // a handler forked in between: the child
    Waiter& other = *found;
    other.shares.store(1, std::memory_order_seq_cst);
    waiter.shares.store(1, std::memory_order_seq_cst);
    if (generation_of(chain.waiters.load(std::memory_order_seq_cst)) == generation) return Watch::WATCHED;
    signal(other);
    return Watch::OVER;
  }
}

void WaiterTable::unwatch(Chain& chain, std::uint32_t generation, const Waiter& waiter) {
  std::uint64_t expected = packed(generation, waiter.number);
  chain.waiters.compare_exchange_strong(expected, packed(generation, NOBODY), std::memory_order_relaxed);
}

void WaiterTable::publish(Chain& chain) { wake(close(chain, NOBODY)); }

std::uint32_t WaiterTable::publish_and_tell(Chain& chain) { return close(chain, TELLING); }

void WaiterTable::end_telling(Chain& chain, std::uint32_t watchers) {
  assert(chain.waiters.load(std::memory_order_relaxed) == packed(generation_of(chain) + 1, TELLING));
  chain.waiters.store(packed(generation_of(chain) + 1, NOBODY), std::memory_order_release);
  telling_.fetch_sub(1, std::memory_order_release);
  wake(watchers);
}

bool WaiterTable::is_telling(const Chain& chain, std::uint32_t generation) {
  return is_at(chain, generation, Place::ENDING) &&
         chain.waiters.load(std::memory_order_acquire) != packed(generation + 1, NOBODY);
}

bool WaiterTable::may_watch(const Chain& chain, std::uint32_t generation, const Waiter& waiter) {
  const std::uint64_t word = chain.waiters.load(std::memory_order_acquire);
  return word == packed(generation, waiter.number) || word == packed(generation, SHARED);
}

void WaiterTable::wake(std::uint32_t watchers) {
  if (watchers == NOBODY) return;
  if (watchers != SHARED) {
    signal(*pool_.at(watchers));
    return;
  }
  for (std::uint32_t number = 1; number <= pool_.made(); ++number) {
    Waiter& waiter = *pool_.at(number);
    if (waiter.shares.load(std::memory_order_seq_cst) != 0) signal(waiter);
  }
}

void WaiterTable::signal(Waiter& waiter) {
  // A waiter that was rung for and has not looked since is awake, or about to be.
  if (waiter.bell.exchange(os::RUNG, std::memory_order_acq_rel) == os::QUIET) os::futex_wake(waiter.bell, 1);
}

}  // namespace atomrt::chain
