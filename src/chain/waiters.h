// Who sleeps in aio_suspend, and for which chains: lock-free, async-signal-safe, no wake-up of anybody else.
//
// A chain's `waiters` word names the one Waiter to wake at publish. Waiter slots are type-stable, so waking one whose
// owner has just left is harmless: the next user sees a spurious wake-up. A second waiter for the same chain turns the
// word into SHARED; publish then wakes every waiter that shares some chain.
//
// Ordering: watch's compare-exchange and publish's exchange of the word are both acq_rel, so either publish sees the
// waiter, or the waiter sees the risen generation and with it the result. `shares` is stored and the word read again
// (seq_cst) where publish exchanges the word and reads `shares` (seq_cst): one of the two sees the other.
#pragma once

#include "chain/chain.h"
#include "os/futex.h"

namespace atomrt::chain {

struct Waiter : os::Slot {
  os::FutexWord bell;  // os::Bell. Rung by publish, quiet again by the owner, who looks then
  // 1: waits for a chain that others wait for too. Set by anybody, cleared by the owner.
  std::atomic<std::uint32_t> shares;
};

enum class Watch : std::uint8_t { WATCHED, OVER };

class WaiterTable {
 public:
  // Null when memory is short.
  [[nodiscard]] Waiter* enter();
  void leave(Waiter& waiter) { pool_.give(waiter); }

  // From WATCHED on, the waiter is rung for when the chain of that generation has been published. OVER: it has been.
  Watch watch(Chain& chain, std::uint32_t generation, Waiter& waiter);
  void unwatch(Chain& chain, std::uint32_t generation, const Waiter& waiter);

  // Closes the word of a chain whose result has just been stored, and wakes who watched.
  void publish(Chain& chain);

 private:
  static void signal(Waiter& waiter);

  os::SlotPool<Waiter, 64, 4096> pool_;
};

}  // namespace atomrt::chain
