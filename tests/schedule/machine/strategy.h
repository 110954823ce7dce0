// SPDX-License-Identifier: MIT
// Which thread goes on at a step. Every strategy is a function of the seed but SYSTEMATIC, which walks through all
// schedules with a bounded number of preemptions (run.cpp drives it).
#pragma once

#include "machine/scheduler.h"

namespace schedule {

struct Candidate {
  enum Kind : std::uint8_t { THREAD, DEVICE, CLOCK } kind;
  Thread* thread;
};

struct Choice {
  const Candidate* candidates;  // at least one; the clock is not among them
  unsigned count;
  Thread* present;  // the one that has made the step; may be asleep or over
  bool yields;
  bool may_jump;  // the clock may be chosen, too
  std::uint64_t step;
};

void begin_strategy(const RunSettings& settings);
void thread_started(Thread& thread);
Candidate choose(const Choice& choice);

// The walk of SYSTEMATIC through all schedules: begin, then run after run until advance says that there is no other.
void begin_walk(unsigned most_preemptions);
[[nodiscard]] bool advance_walk();

}  // namespace schedule
