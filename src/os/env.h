// SPDX-License-Identifier: MIT
// Environment variables of the library. Under AT_SECURE (setuid, file capabilities) none is seen.
#pragma once

namespace atomrt::os {

// The value of ATOMRT_<name>; null where it is not set.
const char* environment(const char* name);

}  // namespace atomrt::os
