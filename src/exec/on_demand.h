// SPDX-License-Identifier: MIT
// OnDemand: a thread of the library of which there is one or none: the ring's, the poller, a reaper. Nobody counts on
// one that is being made, as it may come late, or never (spawner.h).
//
// Shared words, all seq_cst, as their users look at their own words afterwards:
//   life_   a state, and above it the number of the last one made. ABSENT to MAKING by who makes it; to PRESENT by him
//           or by the thread, whoever is first; back to ABSENT by him who could not, or by the thread that leaves; to
//           REFUSED by its user, for good. All by compare-exchange but for the latter two.
//   asked_  set by who asks the spawner, cleared by the spawner.
#pragma once

#include "exec/spawner.h"

namespace atomrt::exec {

class OnDemand {
 public:
  enum State : std::uint32_t { ABSENT, MAKING, PRESENT, REFUSED };
  using Body = void* (*)(void*);

  void spawn_by(Spawner& spawner) { spawner_ = &spawner; }

  [[nodiscard]] State state() const { return static_cast<State>(life_.load(std::memory_order_seq_cst) % STATES); }
  [[nodiscard]] bool is_present() const { return state() == PRESENT; }
  // Made so far.
  [[nodiscard]] unsigned created() const { return created_.load(std::memory_order_relaxed); }

  // Has the thread made, or makes it where that may be. False: there is none, or not yet.
  bool ensure(MayStart may_start, Body body, void* argument);
  // For the spawner. True: it was asked for.
  [[nodiscard]] bool take_wish() { return asked_.exchange(false, std::memory_order_seq_cst); }

  // For the thread: its first act, and its last as one that others may count on.
  void came();
  void left() { set(ABSENT); }
  // For one that has just left, and finds more to do: it need not go. False: another one is there, or is being made.
  [[nodiscard]] bool came_back();
  void refuse() { set(REFUSED); }

 private:
  static constexpr std::uint32_t STATES = 4;
  void set(State state);
  bool make(Body body, void* argument);

  Spawner* spawner_;
  std::atomic<std::uint32_t> life_;
  std::atomic<std::uint32_t> created_;
  std::atomic<bool> asked_;
};

}  // namespace atomrt::exec
