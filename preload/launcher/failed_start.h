// SPDX-License-Identifier: MIT
// Why PROGRAM could not be started.
#pragma once

#include "launcher/options.h"

namespace atomrt::launcher {

// After execvp(3) has failed with that error: one line on standard error, and the exit status.
int fail_to_start(const Options& options, int error);

}  // namespace atomrt::launcher
