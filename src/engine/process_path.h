// SPDX-License-Identifier: MIT
// process_path: the name of a file that a process has for itself. Async-signal-safe.
#pragma once

#include <climits>

namespace atomrt::engine {

using ProcessPath = char[PATH_MAX];

// The pattern with each %p replaced by the process's number. suffix: is added where there is no %p. False when it does
// not fit.
[[nodiscard]] bool expand(const char* pattern, const char* suffix, ProcessPath& path);

}  // namespace atomrt::engine
