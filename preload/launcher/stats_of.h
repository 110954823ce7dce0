// SPDX-License-Identifier: MIT
// --stats-of: what was counted in another process, without its help: in its memory while it runs, or in its file of
// counters, even after it has ended.
#pragma once

#include "launcher/options.h"

namespace atomrt::launcher {

// Once, or again and again until the process ends. The exit status: 0; 125 after one line on standard error.
[[nodiscard]] int print_statistics_of(const Options& options);

}  // namespace atomrt::launcher
