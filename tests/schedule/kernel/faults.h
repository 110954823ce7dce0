// SPDX-License-Identifier: MIT
// Faults: one call of a run that fails, whatever the state of the kernel is.
#pragma once

#include <cstdint>

namespace schedule {

// The call of that number in the run (1 and up) fails with that errno; 0: none does.
void set_fault(unsigned call, int error);
void reset_faults();
int present_fault();  // of set_fault

// What a call that has been made to fail may cost, at most.
enum class Cost : std::uint8_t {
  NOTHING,   // it is done without, or made again: all results are right
  A_RESULT,  // the operation's own: one request of that kind ends with the error, or with what was moved before
  ROOM,      // memory, a thread, a descriptor: requests are refused or end with EAGAIN
};
enum class Direction : std::uint8_t { NONE, READ, WRITE, SYNC };
Cost cost_of_fault();            // NOTHING as well where none has happened yet in this run
Direction direction_of_fault();  // of A_RESULT
// What the next call is to fail with, or 0. Counts only calls that can fail; errors: as the manual page lists them.
int next_fault(const char* name, const int* errors, bool takes_room = false, Direction direction = Direction::NONE);
unsigned fallible_calls();           // of the run
const int* errors_of_call(unsigned call);  // of the last run; ends with 0
const char* name_of_call(unsigned call);

}  // namespace schedule
