// SPDX-License-Identifier: MIT
// Who sleeps in aio_suspend, and for which chains: lock-free, async-signal-safe, no wake-up of anybody else.
//
// A chain's `waiters` word names the one Waiter to wake at its end. Waiter slots are type-stable, so waking one whose
// owner has just left is harmless: the next user sees a spurious wake-up. A second waiter for the same chain turns the
// word into SHARED; the end then wakes every waiter that shares some chain.
//
// A chain that notifies wakes nobody between its publish and its notification: publish_and_tell leaves TELLING in the
// word, and end_telling wakes. A thread that finds the result by itself (a handler ended its sleep, or the kernel did)
// waits until the word says that the notification is out, or has found no room: is_telling.
//
// Ordering: watch's compare-exchange and publish's exchange of the word are both acq_rel, so either publish sees the
// waiter, or the waiter sees the risen generation and with it the result. `shares` is stored and the word read again
// (seq_cst) where publish exchanges the word and reads `shares` (seq_cst): one of the two sees the other.
// `telling_` is raised before the result is stored and lowered after the notification: who has seen the result, and
// then reads 0, knows that the notification is out.
#pragma once

#include "chain/chain.h"
#include "os/futex.h"

namespace atomrt::chain {

struct Waiter : os::Slot {
  os::FutexWord bell;  // os::Bell. Rung by publish, quiet again by the owner, who looks then
  // 1: waits for a chain that others wait for too. Set by anybody, cleared by the owner.
  std::atomic<std::uint32_t> shares;
  // Whose it is: the address of the owner's WaiterHold, or 0. Written by compare-exchange: from 0 by the thread that
  // enters, back to 0 by the same (release, which pairs with the next one's acquire).
  std::atomic<std::uintptr_t> holder;
};

// What a thread that enters has: a slot, if its holder says so. It is named here before it is taken, and forgotten when
// it has been given back, so a handler's longjmp out of any instruction in between loses none. Read and written by that
// thread alone, and by its handlers.
class WaiterHold {
 public:
  // The slot; null where there is none.
  [[nodiscard]] Waiter* waiter() const;

 private:
  friend class WaiterTable;
  std::atomic<Waiter*> named_{nullptr};
  [[nodiscard]] std::uintptr_t name() const { return reinterpret_cast<std::uintptr_t>(this); }
};

enum class Watch : std::uint8_t { WATCHED, OVER };

class WaiterTable {
 public:
  // Null when memory is short. first: where the search for a slot begins; best the same for the same thread.
  [[nodiscard]] Waiter* enter(WaiterHold& hold, std::uint32_t first);
  // Any number of times.
  static void leave(WaiterHold& hold);

  // From WATCHED on, the waiter is rung for when the chain of that generation has been published. OVER: it has been.
  Watch watch(Chain& chain, std::uint32_t generation, Waiter& waiter);
  void unwatch(Chain& chain, std::uint32_t generation, const Waiter& waiter);

  // Closes the word of a chain whose result has just been stored, and wakes who watched.
  void publish(Chain& chain);

  // The same for a chain that notifies, in three steps. Before its result is stored:
  void begin_telling() { telling_.fetch_add(1, std::memory_order_relaxed); }
  // Closes the word, and returns who is to be woken by end_telling.
  [[nodiscard]] std::uint32_t publish_and_tell(Chain& chain);
  // The notification is out, or finds no room now.
  void end_telling(Chain& chain, std::uint32_t watchers);
  // True: the chain's result is stored, and its notification is not out. A chain without one is so for a moment, too.
  [[nodiscard]] static bool is_telling(const Chain& chain, std::uint32_t generation);
  [[nodiscard]] bool is_anybody_telling() const { return telling_.load(std::memory_order_acquire) != 0; }
  // The waiter is still to be woken for the chain of that generation, as far as the word tells.
  [[nodiscard]] static bool may_watch(const Chain& chain, std::uint32_t generation, const Waiter& waiter);

 private:
  [[nodiscard]] Waiter* take(WaiterHold& hold, std::uint32_t first);
  static void signal(Waiter& waiter);
  void wake(std::uint32_t watchers);

  std::atomic<std::uint32_t> telling_;  // chains between publish and the end of their notification
  os::SlotPool<Waiter, 64, 4096> pool_;
};

}  // namespace atomrt::chain
