// SPDX-License-Identifier: MIT
// Which threads sleep in aio_suspend, and for which chains. Lock-free, async-signal-safe; wakes no other threads.
//
// A chain's `waiters` word names the one Waiter to wake at its end. Waiter slots are type-stable, so waking one whose
// owner has just left is harmless: the next user sees a spurious wake-up. A second waiter for the same chain turns the
// word into SHARED; the end then wakes every waiter that shares some chain.
//
// A chain that notifies wakes nobody between its publish and its notification: publish_and_tell leaves TELLING in the
// word, and end_telling wakes. A thread that finds the result by itself (a handler ended its sleep, or the kernel did)
// waits until the word says that the notification is out, or has found no room: is_telling.
//
// Ordering: watch's compare-exchange and publish's exchange of the word are both seq_cst, so either publish sees the
// waiter, or the waiter sees the risen generation and with it the result. watch then stores `shares` and reads the word
// again, publish exchanges the word and then reads `shares` (all seq_cst): one of the two sees the other.
// `telling_` is raised before the result is stored and lowered after the notification: a thread that has seen the
// result, and then reads 0, knows that the notification is out.
#pragma once

#include "chain/chain.h"
#include "os/futex.h"

namespace atomrt::chain {

struct Waiter : os::Slot {
  os::FutexWord bell;  // os::Bell. Rung by publish, made quiet by the owner before it looks
  // 1: waits for a chain that others wait for too. Set by any thread, cleared by the owner.
  std::atomic<std::uint32_t> shares;
  // Whose it is: the address of the owner's WaiterHold, or 0. Written by compare-exchange: from 0 by the thread that
  // enters, back to 0 by the same (release, which pairs with the next one's acquire).
  std::atomic<std::uintptr_t> holder;
};

// The slot of a thread that has entered: its own only if the slot's `holder` says so. The slot is named here before it
// is taken, and forgotten after it has been given back, so a handler's longjmp at any instruction in between loses
// none. Read and written by that thread and its handlers alone.
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
  // May be called any number of times.
  static void leave(WaiterHold& hold);

  // WATCHED: the waiter's bell rings when the chain of that generation is published. OVER: it has been published.
  Watch watch(Chain& chain, std::uint32_t generation, Waiter& waiter);
  void unwatch(Chain& chain, std::uint32_t generation, const Waiter& waiter);

  // Closes the word of a chain whose result has just been stored, and wakes its watchers.
  void publish(Chain& chain);

  // The same for a chain that notifies, in three steps. Before its result is stored:
  void begin_telling() { telling_.fetch_add(1, std::memory_order_relaxed); }
  // Closes the word, and returns the watchers, which end_telling is to wake.
  [[nodiscard]] std::uint32_t publish_and_tell(Chain& chain);
  // The notification is out, or finds no room now.
  void end_telling(Chain& chain, std::uint32_t watchers);
  // The chain's result is stored, and its notification is not out. True for a moment of one without notification, too.
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
