// SPDX-License-Identifier: MIT
// SentTable: reads that were given to kernel AIO without a lock, with signals as they are. Such a read has no order, so
// that it needs no lane and no list before somebody asks: entering takes one compare-exchange.
//
// A few entries a number (some numbers share them). Its chains are in no list: not in InFlight, nor Latecomers. Who has
// to know what is in flight (aio_cancel, a closing call, a sync) moves them into those lists, with their spot locked;
// so does the owner of one that goes on elsewhere. The owner locks the spot to leave, and so learns which lists it is
// in.
//
// A chain is entered when the kernel has it (place IN_AIO) and not before: who finds one may wait for its end, and a
// handler in the middle of the submission must not wait for its own thread. So it may be over by then. Its name is
// stale then, known by the generation and by Chain::way, and taken back by who has entered it.
//
// Shared words:
//   names  {generation, number}, 0 for none. Set by the submitter, from 0 or a stale one; cleared by compare-exchange.
//          Setting it and the look at Chain::way behind it, and the owner's store of Chain::way and its look for the
//          name behind it, are seq_cst: one of the two sees the other.
//   mutex  taken before Latecomers' lock and a bucket's of InFlight; signals are blocked.
// In a child of a handler the table is empty, and what the submitter below the handler enters is stale.
#pragma once

#include "chain/chain.h"
#include "os/mutex.h"

namespace atomrt::chain {

class SentTable {
 public:
  static constexpr unsigned SPOTS = 32;
  static constexpr unsigned ROOM = 48;  // a spot's entries

  // For the submitter of a chain that the kernel has, and that is anybody's. False: there is no room.
  [[nodiscard]] bool enter(const ChainPool& pool, int fd, aiocb::RequestName name);
  // For who has found no room: the chain is in the lists then, if it is not over. enter_lists(chain) is called with the
  // spot locked.
  template <typename EnterLists>
  void list(const ChainPool& pool, int fd, aiocb::RequestName name, EnterLists enter_lists) {
    Spot& spot = spot_of(fd);
    os::Locked locked(spot.mutex);
    Chain* chain = present(pool, word_of(name));
    if (chain != nullptr) list_locked(*chain, enter_lists);
  }

  // For the owner of a chain that is over. True: it was in no list, and nobody moves it any more. False: it is in
  // InFlight, and it is LATE; or it never was a sent one.
  [[nodiscard]] bool leave(Chain& chain);
  // For the owner of one that goes on elsewhere: it is in the lists afterwards, entered or not.
  template <typename EnterLists>
  void list(Chain& chain, EnterLists enter_lists) {
    Spot& spot = spot_of(chain.fd);
    os::Locked locked(spot.mutex);
    list_locked(chain, enter_lists);
    clear(spot, chain);
  }

  // A hint, unless who asks is ordered behind who entered.
  [[nodiscard]] bool may_have(int fd) const { return has_any(spot_of(fd)); }
  // The highest number that has one, or -1. Signals are blocked.
  [[nodiscard]] int highest(const ChainPool& pool);

  // Moves the chains under that number, or all, into the lists.
  template <typename EnterLists>
  void move_out(const ChainPool& pool, int fd, EnterLists enter_lists) {
    move_out(pool, spot_of(fd), [fd](const Chain& chain) { return chain.fd == fd; }, enter_lists);
  }
  template <typename EnterLists>
  void move_all_out(const ChainPool& pool, EnterLists enter_lists) {
    for (Spot& spot : spots_) move_out(pool, spot, [](const Chain&) { return true; }, enter_lists);
  }

 private:
  using Name = std::atomic<std::uint64_t>;
  struct alignas(64) Spot {
    Name names[ROOM];
    os::Mutex mutex;
  };

  Spot& spot_of(int fd) { return spots_[static_cast<unsigned>(fd) % SPOTS]; }
  [[nodiscard]] const Spot& spot_of(int fd) const { return spots_[static_cast<unsigned>(fd) % SPOTS]; }
  [[nodiscard]] static std::uint64_t word_of(aiocb::RequestName name) { return packed(name.generation, name.number); }
  // Where the search for a chain's entry begins.
  static Name& entry(Spot& spot, std::uint32_t number, unsigned i) { return spot.names[(number + i) % ROOM]; }
  [[nodiscard]] static bool has_any(const Spot& spot);
  [[nodiscard]] static bool is_present(const Chain& chain, std::uint32_t generation);
  // Null where the name is stale. With the spot locked what is present stays so.
  [[nodiscard]] static Chain* present(const ChainPool& pool, std::uint64_t word);
  static void clear(Spot& spot, const Chain& chain);
  [[nodiscard]] static bool replace(const ChainPool& pool, Name& place, std::uint64_t present, std::uint64_t word);

  template <typename EnterLists>
  static void list_locked(Chain& chain, EnterLists enter_lists) {
    if (chain.entered.load(std::memory_order_relaxed) == 0) enter_lists(chain);
  }
  template <typename IsWanted, typename EnterLists>
  static void move_out(const ChainPool& pool, Spot& spot, IsWanted is_wanted, EnterLists enter_lists) {
    if (!has_any(spot)) return;
    os::Locked locked(spot.mutex);
    for (Name& place : spot.names) {
      std::uint64_t word = place.load(std::memory_order_acquire);
      Chain* chain = word != 0 ? present(pool, word) : nullptr;
      if (chain == nullptr || !is_wanted(static_cast<const Chain&>(*chain))) continue;
      list_locked(*chain, enter_lists);
      place.compare_exchange_strong(word, 0, std::memory_order_release, std::memory_order_relaxed);
    }
  }

  Spot spots_[SPOTS];
};

}  // namespace atomrt::chain
