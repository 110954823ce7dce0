// SPDX-License-Identifier: MIT
// Environment variables of the library, and valgrind's. Under AT_SECURE (setuid, file capabilities) none is seen.
#pragma once

namespace atomrt::os {

// The value of ATOMRT_<name>; null where it is not set.
const char* environment(const char* name);

// Whether LD_PRELOAD names a library of valgrind's, as it does in what valgrind runs, static programs included. (The
// client request RUNNING_ON_VALGRIND would need valgrind.h where the library is built.)
[[nodiscard]] bool is_under_valgrind();

}  // namespace atomrt::os
