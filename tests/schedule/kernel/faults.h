// SPDX-License-Identifier: MIT
// Faults: one call of a run that fails, whatever the state of the kernel is.
#pragma once

namespace schedule {

// The call of that number in the run (1 and up) fails with that errno; 0: none does.
void set_fault(unsigned call, int error);
void reset_faults();
int present_fault();  // of set_fault
// What the next call is to fail with, or 0. Counts only calls that can fail; errors: as the manual page lists them.
int next_fault(const char* name, const int* errors);
unsigned fallible_calls();           // of the run
const int* errors_of_call(unsigned call);  // of the last run; ends with 0
const char* name_of_call(unsigned call);

}  // namespace schedule
