// SPDX-License-Identifier: MIT
// LoneTable: transfers that are left to the thread that waits for them. Such a request is alone under its number, so it
// needs no lane, no list and no queue until somebody asks for it: entering takes one compare-exchange, no lock, and no
// change of the signal mask.
//
// Each descriptor number has a spot (some share one). Its chain is neither in InFlight nor in Latecomers. A thread that
// has to know what is in flight (aio_cancel, a closing call, a sync, the worker that keeps watch) moves it into those
// lists, with the spot locked; the owner locks it to leave, and so learns which lists its chain is in.
//
// Shared words:
//   name   {generation, number}, 0 for none. Set from 0 by the submitter (seq_cst: see Workers::keep_watch_locked);
//          cleared under `mutex`. A stale name (a handler waited for the request, or forked, before it was stored) is
//          known by the generation and by Chain::way, and is replaced.
//   guess  {generation, number} of the one write in flight whose flags nobody has asked for. Set from 0 or a stale name
//          by its submitter; stale as soon as the chain is over. Its submitter's later calls, and what they are ordered
//          before, see it.
//   mutex  taken before Latecomers' lock and a bucket's of InFlight; signals are blocked.
// A handler that runs before the name is stored may wait for the request: it claims the chain (place LONE). If it
// forks, the child's table is empty; the submitter sees there that no engine has been started, and takes the name back.
#pragma once

#include "chain/chain.h"
#include "os/mutex.h"

namespace atomrt::chain {

class LoneTable {
 public:
  static constexpr unsigned SPOTS = 64;

  // For the submitter of a chain at LONE, which any thread may claim from then on. False: another chain has its spot.
  [[nodiscard]] bool enter(const ChainPool& pool, const Chain& chain);
  // Whether such a write is in flight.
  [[nodiscard]] bool has_guess(const ChainPool& pool) const {
    return is_in_flight(pool, guess_.load(std::memory_order_acquire));
  }
  // For the submitter of one, before another thread knows of it. False: there is one already.
  [[nodiscard]] bool begin_guess(const ChainPool& pool, const Chain& chain);
  // Takes back what enter stored, in a child that a handler has forked.
  void withdraw(const Chain& chain);

  // For the owner of a chain that is over. True: it was in no list, and no thread moves it any more. False: it is in
  // InFlight, and it is LATE; or it was never lone.
  [[nodiscard]] bool leave(Chain& chain);

  // For an owner that has claimed a LONE chain, but not begun it: puts it back at LONE. False: the chain has been moved
  // into the lists meanwhile, or has not been entered yet, and stays the owner's.
  [[nodiscard]] bool put_back(Chain& chain);
  // For the owner: puts the chain in the lists, whether it was entered here or not.
  template <typename EnterLists>
  void list(Chain& chain, EnterLists enter_lists) {
    Spot& spot = spot_of(chain.fd);
    os::Locked locked(spot.mutex);
    list_locked(spot, chain, enter_lists);
  }

  [[nodiscard]] bool may_have(int fd) const { return spot_of(fd).name.load(std::memory_order_acquire) != 0; }

  enum class Which : bool { ANY, UNBEGUN };
  // Moves the chain under that number into the lists: enter_lists(chain) is called with the spot locked. Returns it
  // if nobody had begun it: place MOVING, the caller's. UNBEGUN: one that has begun stays.
  template <typename EnterLists>
  Chain* move_out(const ChainPool& pool, int fd, Which which, EnterLists enter_lists) {
    Spot& spot = spot_of(fd);
    if (spot.name.load(std::memory_order_acquire) == 0) return nullptr;
    os::Locked locked(spot.mutex);
    Chain* chain = present(pool, spot.name.load(std::memory_order_acquire));
    if (chain == nullptr || chain->fd != fd) return nullptr;
    return move_out_locked(spot, *chain, which, enter_lists);
  }
  // The same for all numbers; each chain that nobody had begun is given to go_on(chain) with nothing locked.
  template <typename EnterLists, typename GoOn>
  void move_all_out(const ChainPool& pool, Which which, EnterLists enter_lists, GoOn go_on) {
    for (Spot& spot : spots_) move_out(pool, spot, which, enter_lists, go_on);
  }
  // The same for chains that were here at the last call already, and have not begun. One thread at a time.
  template <typename EnterLists, typename GoOn>
  void move_old_out(const ChainPool& pool, EnterLists enter_lists, GoOn go_on) {
    for (Spot& spot : spots_) {
      const std::uint64_t name = spot.name.load(std::memory_order_acquire);
      if (name != 0 && name == spot.seen) move_out(pool, spot, Which::UNBEGUN, enter_lists, go_on);
      spot.seen = name;
    }
  }

 private:
  struct alignas(64) Spot {
    std::atomic<std::uint64_t> name;
    os::Mutex mutex;
    std::uint64_t seen;  // the name at the last call of move_old_out
  };

  Spot& spot_of(int fd) { return spots_[static_cast<unsigned>(fd) % SPOTS]; }
  [[nodiscard]] const Spot& spot_of(int fd) const { return spots_[static_cast<unsigned>(fd) % SPOTS]; }
  [[nodiscard]] static std::uint64_t word_of(const Chain& chain) { return packed(generation_of(chain), chain.number); }
  [[nodiscard]] static bool is_in_flight(const ChainPool& pool, std::uint64_t name) {
    const Chain* chain = name != 0 ? pool.at(low_of(name)) : nullptr;
    return chain != nullptr && generation_of(*chain) == generation_of(name);
  }
  // Null where the name is stale.
  [[nodiscard]] static Chain* present(const ChainPool& pool, std::uint64_t name);

  template <typename EnterLists>
  static Chain* move_out_locked(Spot& spot, Chain& chain, Which which, EnterLists enter_lists) {
    const bool is_claimed = claim(chain, generation_of(chain), Place::LONE, Place::MOVING);
    if (!is_claimed && which == Which::UNBEGUN) return nullptr;
    list_locked(spot, chain, enter_lists);
    return is_claimed ? &chain : nullptr;
  }
  // It is listed already if its owner was faster than the submitter, which enters its name.
  template <typename EnterLists>
  static void list_locked(Spot& spot, Chain& chain, EnterLists enter_lists) {
    if (chain.entered.load(std::memory_order_relaxed) == 0) enter_lists(chain);
    std::uint64_t name = word_of(chain);
    spot.name.compare_exchange_strong(name, 0, std::memory_order_release, std::memory_order_relaxed);
  }
  template <typename EnterLists, typename GoOn>
  static void move_out(const ChainPool& pool, Spot& spot, Which which, EnterLists enter_lists, GoOn go_on) {
    // seq_cst: a worker that has stopped keeping watch sees what was entered before.
    if (spot.name.load(std::memory_order_seq_cst) == 0) return;
    Chain* unbegun = nullptr;
    {
      os::Locked locked(spot.mutex);
      Chain* chain = present(pool, spot.name.load(std::memory_order_acquire));
      if (chain == nullptr) return;
      unbegun = move_out_locked(spot, *chain, which, enter_lists);
    }
    if (unbegun != nullptr) go_on(*unbegun);
  }

  Spot spots_[SPOTS];
  alignas(64) std::atomic<std::uint64_t> guess_;
};

}  // namespace atomrt::chain
