// SPDX-License-Identifier: MIT
// --top: what a running process does, again and again: rates, latencies, contexts, the oldest requests in flight.
#pragma once

#include "launcher/options.h"

namespace atomrt::launcher {

// Until the process ends. The exit status: 0; 125 after one line on standard error.
[[nodiscard]] int show_top(const Options& options);

}  // namespace atomrt::launcher
