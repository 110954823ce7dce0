// SPDX-License-Identifier: MIT
#include "exec/on_demand.h"

#include "os/thread.h"

namespace atomrt::exec {

bool OnDemand::ensure(MayStart may_start, Body body, void* argument) {
  if (const State now = state(); now != ABSENT) return now == PRESENT;
  if (may_start == MayStart::NO) return false;
  if (may_start == MayStart::ASKS && spawner_ != nullptr) {
    asked_.store(true, std::memory_order_seq_cst);
    if (spawner_->ask()) return false;
  }
  return make(body, argument);
}

bool OnDemand::make(Body body, void* argument) {
  std::uint32_t life = life_.load(std::memory_order_seq_cst);
  if (life % STATES != ABSENT) return life % STATES == PRESENT;
  const std::uint32_t making = life + STATES + MAKING;
  if (!life_.compare_exchange_strong(life, making, std::memory_order_seq_cst)) return life % STATES == PRESENT;
  const bool is_made = os::start_library_thread(body, argument) == 0;
  if (is_made) created_.fetch_add(1, std::memory_order_relaxed);
  // The thread may have come and left again: then life_ has moved on, and stays as it is.
  std::uint32_t expected = making;
  life_.compare_exchange_strong(expected, making - MAKING + (is_made ? PRESENT : ABSENT), std::memory_order_seq_cst);
  return is_made;
}

void OnDemand::came() {
  std::uint32_t life = life_.load(std::memory_order_seq_cst);
  if (life % STATES == MAKING) life_.compare_exchange_strong(life, life - MAKING + PRESENT, std::memory_order_seq_cst);
}

bool OnDemand::came_back() {
  std::uint32_t life = life_.load(std::memory_order_seq_cst);
  return life % STATES == ABSENT &&
         life_.compare_exchange_strong(life, life - ABSENT + PRESENT, std::memory_order_seq_cst);
}

void OnDemand::set(State state) {
  const std::uint32_t life = life_.load(std::memory_order_seq_cst);
  life_.store(life - life % STATES + state, std::memory_order_seq_cst);
}

}  // namespace atomrt::exec
