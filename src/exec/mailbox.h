// SPDX-License-Identifier: MIT
// Mailbox: a lock-free queue of messages from any thread to the ring's thread. A letter carries a chain's name, not a
// pointer: when it is read, the chain may have been taken, be over, and have been reused.
//
// Shared words: `newest_` is a stack of letters; post pushes, collect takes all of them at once, so there is no ABA.
// Both are seq_cst: a thread that posts checks afterwards whether the ring's thread is there, and a ring's thread that
// will read no more writes so before it collects a last time; one of the two sees the other. A letter belongs to its
// writer up to the push and to the reader from collect on. A signal between any two steps sees a consistent stack; in a
// child after fork it is empty.
#pragma once

#include <atomic>
#include <cstdint>

#include "aiocb/fields.h"
#include "os/slot_pool.h"

namespace atomrt::exec {

class Mailbox {
 public:
  enum class Wish : std::uint8_t {
    RUN,     // the chain is MAILED
    FORGET,  // the chain was BLOCKED here and has been taken: stop waiting for its peer
  };

  struct Letter : os::Slot {
    aiocb::RequestName name;
    std::uint32_t next;
    Wish wish;
  };

  // False when memory is short.
  [[nodiscard]] bool post(Wish wish, aiocb::RequestName name) {
    Letter* letter = letters_.take();
    if (letter == nullptr) return false;
    letter->name = name;
    letter->wish = wish;
    std::uint32_t newest = newest_.load(std::memory_order_relaxed);
    do {
      letter->next = newest;
    } while (!newest_.compare_exchange_weak(newest, letter->number, std::memory_order_seq_cst,
                                            std::memory_order_relaxed));
    return true;
  }

  // seq_cst: a thread that is about to sleep or leave writes so first and looks then; one that posts does the reverse.
  [[nodiscard]] bool is_empty() const { return newest_.load(std::memory_order_seq_cst) == 0; }

  // Calls read(wish, name) for each letter, the oldest first. Each letter is read by one thread.
  template <typename Reader>
  void collect(Reader read) {
    std::uint32_t oldest = 0;
    for (std::uint32_t number = newest_.exchange(0, std::memory_order_seq_cst); number != 0;) {
      Letter& letter = *letters_.at(number);
      const std::uint32_t next = letter.next;
      letter.next = oldest;
      oldest = number;
      number = next;
    }
    while (oldest != 0) {
      Letter& letter = *letters_.at(oldest);
      oldest = letter.next;
      const Wish wish = letter.wish;
      const aiocb::RequestName name = letter.name;
      letters_.give(letter);
      read(wish, name);
    }
  }

 private:
  std::atomic<std::uint32_t> newest_;
  os::SlotPool<Letter, 256, 4096> letters_;
};

}  // namespace atomrt::exec
