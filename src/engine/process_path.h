// SPDX-License-Identifier: MIT
// process_path: file names that differ by process. Async-signal-safe.
#pragma once

#include <climits>

namespace atomrt::engine {

using ProcessPath = char[PATH_MAX];

// The pattern with each %p replaced by the process ID. suffix: appended if there is no %p, and expanded likewise. False
// if the result does not fit.
[[nodiscard]] bool expand(const char* pattern, const char* suffix, ProcessPath& path);

}  // namespace atomrt::engine
