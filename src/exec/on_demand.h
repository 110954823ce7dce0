// SPDX-License-Identifier: MIT
// OnDemand: a thread of the library of which there is one or none: the ring's, the poller, a reaper. No thread relies
// on one that is being made, as it may come late, or never (spawner.h).
//
// Shared words, all seq_cst, as their users look at their own words afterwards:
//   life_   a state, and above it a count of the threads made. ABSENT to MAKING by the thread that makes it; to PRESENT
//           by that one or by the new thread, whichever is first; back to ABSENT if it could not be made, or by the
//           thread when it leaves; to REFUSED by its user, for good. All by compare-exchange, except leaving and
//           REFUSED.
//   asked_  set by a thread that asks the spawner, cleared by the spawner.
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

  // Makes the thread or has it made, as far as may_start allows. False: there is none, or not yet.
  bool ensure(MayStart may_start, Body body, void* argument);
  // For the spawner. True: the thread was asked for.
  [[nodiscard]] bool take_wish() { return asked_.exchange(false, std::memory_order_seq_cst); }

  // For the thread: came() is its first act; after left() others no longer rely on it.
  void came();
  void left() { set(ABSENT); }
  // For a thread that has just left, and finds more to do: it may stay. False: another one is there, or is being made.
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
