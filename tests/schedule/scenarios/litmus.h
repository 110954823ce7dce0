// SPDX-License-Identifier: MIT
// Litmus: the smallest programs of the literature on weak memory, which show what the simulated memory may do and what
// it must not. They test the instrument, not the library.
#pragma once

namespace schedule {

enum class Verdict { UNSEEN, SEEN, RACE };

struct Litmus {
  const char* name;
  void (*first)();
  void (*second)();
  void (*third)();           // may be null
  bool (*is_weak_outcome)();  // looked at when all are over
  Verdict verdict;           // what many runs must show
};

extern const Litmus litmus[];
extern const unsigned litmus_count;
void begin_litmus(void* memory);  // zeroed

}  // namespace schedule
