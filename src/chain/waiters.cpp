#include "chain/waiters.h"

namespace atomrt::chain {
namespace {

constexpr std::uint32_t NOBODY = 0;
constexpr std::uint32_t SHARED = UINT32_MAX;

}  // namespace

Waiter* WaiterTable::enter() {
  Waiter* waiter = pool_.take();
  if (waiter == nullptr) return nullptr;
  waiter->shares.store(0, std::memory_order_relaxed);
  waiter->bell.store(os::QUIET, std::memory_order_relaxed);
  return waiter;
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
    if (found == nullptr) return Watch::OVER;  // a child of a handler in between
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

void WaiterTable::publish(Chain& chain) {
  const std::uint64_t closed = packed(generation_of(chain) + 1, NOBODY);
  const std::uint32_t present = low_of(chain.waiters.exchange(closed, std::memory_order_seq_cst));
  if (present == NOBODY) return;
  if (present != SHARED) {
    signal(*pool_.at(present));
    return;
  }
  for (std::uint32_t number = 1; number <= pool_.made(); ++number) {
    Waiter& waiter = *pool_.at(number);
    if (waiter.shares.load(std::memory_order_seq_cst) != 0) signal(waiter);
  }
}

void WaiterTable::signal(Waiter& waiter) {
  // Who has been rung for and has not looked since is awake, or on his way.
  if (waiter.bell.exchange(os::RUNG, std::memory_order_acq_rel) == os::QUIET) os::futex_wake(waiter.bell, 1);
}

}  // namespace atomrt::chain
