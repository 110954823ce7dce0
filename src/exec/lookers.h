// SPDX-License-Identifier: MIT
// Lookers: threads that read memory which another thread may unmap, for a few instructions without signals blocked. A
// handler may leave them by longjmp, fork between any two, or look itself: each look is entered under the name of its
// Look, by one compare-exchange, so that nothing is counted that might never be taken back.
//
// Shared words: `names_`. From 0 to the name of a Look by its thread, seq_cst. That thread then reads the word that
// says that the memory is there; the giver writes that word and then looks into `names_`. All four are in one order, so
// one of the two sees the other. Back to 0 by the same thread, release, which pairs with that look.
#pragma once

#include <atomic>
#include <cstdint>

namespace atomrt::exec {

class Lookers;

// On the stack of the thread that looks. Read and written by that thread alone, and by its handlers.
class Look {
 public:
  explicit Look(Lookers& lookers) : lookers_(lookers) {}
  // False: there is no room, and it must not look.
  [[nodiscard]] bool begin();
  // Any number of times, also where none has begun.
  void end();

 private:
  Lookers& lookers_;
  std::atomic<std::atomic<std::uintptr_t>*> entry_{nullptr};  // set before the entry is taken
};

class Lookers {
 public:
  static constexpr unsigned MOST = 64;

  // For the thread that is about to give the memory back, after it has written so.
  [[nodiscard]] bool any() const;

 private:
  friend class Look;
  std::atomic<std::uintptr_t> names_[MOST];
};

}  // namespace atomrt::exec
