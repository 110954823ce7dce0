// SPDX-License-Identifier: MIT
// SentTable: reads that were given to kernel AIO without a lock, with signals not blocked. Such a read has no order, or
// nothing that it could be ordered against, so it needs no lane and no list until somebody asks for it: entering takes
// one compare-exchange.
//
// Each descriptor number has a spot of ROOM entries (some numbers share one). Its chains are neither in InFlight nor in
// Latecomers. A thread that has to know what is in flight (aio_cancel, a closing call, a sync) moves them into those
// lists, with their spot locked; so does the owner of a chain that goes on elsewhere. The owner locks the spot to
// leave, and so learns which lists its chain is in.
//
// A chain is entered only once the kernel has it (place IN_AIO, POLLED), or another thread its event: who finds one may
// wait for its end, and a handler in the middle of the submission must not wait for its own thread. So the chain may be
// over before it is entered. Then its name is stale, as the generation and Chain::way show, and its submitter takes it
// back.
//
// Shared words:
//   names  {generation, number}, 0 for none. Set by the submitter, from 0 or a stale one; cleared by compare-exchange.
//          The submitter sets it and then reads Chain::way; the owner stores Chain::way and then looks for the name.
//          All of this is seq_cst: one of the two sees the other.
//   stream_  the one stream's read that was sent, as in `names`; stale as soon as the chain is over. Set from 0 or a
//          stale one by its submitter, before the kernel has it (compare-exchange). A later read of a stream sees it
//          if its call is ordered after the other one's, and lets the other into its lane first; else neither is the
//          earlier one. Set in a child that a handler has forked it names nothing, or hinders for a while. A handler
//          that jumps out of the call leaves it set: no stream's read is sent any more.
//   mutex  taken before Latecomers' lock and a bucket's of InFlight; signals are blocked.
// In a child forked by a handler the table is empty, and what the interrupted submitter enters there is stale.
#pragma once

#include "chain/chain.h"
#include "os/mutex.h"

namespace atomrt::chain {

class SentTable {
 public:
  static constexpr unsigned SPOTS = 32;
  static constexpr unsigned ROOM = 48;  // a spot's entries

  // For the submitter of a chain that the kernel has, and that any thread may finish. False: there is no room.
  [[nodiscard]] bool enter(const ChainPool& pool, int fd, aiocb::RequestName name);
  // For the submitter that has found no room: puts the chain in the lists, unless it is over. enter_lists(chain) is
  // called with the spot locked.
  template <typename EnterLists>
  void list(const ChainPool& pool, int fd, aiocb::RequestName name, EnterLists enter_lists) {
    Spot& spot = spot_of(fd);
    os::Locked locked(spot.mutex);
    Chain* chain = present(pool, word_of(name));
    if (chain != nullptr) list_locked(*chain, enter_lists);
  }

  // For the owner of a chain that is over. True: it was in no list, and no thread moves it any more. False: it is in
  // InFlight, and it is LATE; or it was never sent.
  [[nodiscard]] bool leave(Chain& chain);
  // For the owner of a chain that goes on elsewhere: puts it in the lists, whether it was entered here or not.
  template <typename EnterLists>
  void list(Chain& chain, EnterLists enter_lists) {
    Spot& spot = spot_of(chain.fd);
    os::Locked locked(spot.mutex);
    list_locked(chain, enter_lists);
    clear(spot, chain);
  }

  // For the submitter of a stream's read (SENDING_POLL). False: one is in flight already.
  [[nodiscard]] bool begin_stream(const ChainPool& pool, const Chain& chain);
  // The name of that in flight, as one word; 0 for none.
  [[nodiscard]] std::uint64_t stream(const ChainPool& pool) const {
    const std::uint64_t word = stream_.load(std::memory_order_acquire);
    return is_in_flight(pool, word) ? word : 0;
  }

  // A hint, unless the caller is ordered after the thread that entered.
  [[nodiscard]] bool may_have(int fd) const { return has_any(spot_of(fd)); }
  // The highest number that has one, or -1. Signals are blocked.
  [[nodiscard]] int highest(const ChainPool& pool);

  // Moves the chains under that number, or all, into the lists.
  template <typename EnterLists>
  void move_out(const ChainPool& pool, int fd, EnterLists enter_lists) {
    move_out(pool, spot_of(fd), [fd](const Chain& chain) { return chain.fd == fd; }, enter_lists);
  }
  // The same for the chain of that name (`stream`).
  template <typename EnterLists>
  void move_out_named(const ChainPool& pool, std::uint64_t word, EnterLists enter_lists) {
    const auto is_wanted = [word](const Chain& chain) { return word_of(name_of(chain)) == word; };
    for (Spot& spot : spots_) move_out(pool, spot, is_wanted, enter_lists);
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
  // The i-th entry to look at for the chain of that number.
  static Name& entry(Spot& spot, std::uint32_t number, unsigned i) { return spot.names[(number + i) % ROOM]; }
  [[nodiscard]] static bool has_any(const Spot& spot);
  [[nodiscard]] static bool is_present(const Chain& chain, std::uint32_t generation);
  [[nodiscard]] static bool is_in_flight(const ChainPool& pool, std::uint64_t word) {
    const Chain* const chain = word != 0 ? pool.at(low_of(word)) : nullptr;
    const std::uint64_t state = chain != nullptr ? chain->state.load(std::memory_order_acquire) : 0;
    return generation_of(state) == generation_of(word) && low_of(state) != static_cast<std::uint32_t>(Place::FREE);
  }
  // Null where the name is stale. While the spot is locked a chain that is present stays so.
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
  alignas(64) std::atomic<std::uint64_t> stream_;
};

}  // namespace atomrt::chain
