// SPDX-License-Identifier: MIT
// The launcher's own messages: one line each on standard error.
#pragma once

namespace atomrt::launcher {

// Exit statuses in the style of env, nice and stdbuf.
constexpr int OWN_FAILURE = 125;
constexpr int NOT_EXECUTABLE = 126;
constexpr int NOT_FOUND = 127;

// Prints "atomrt: …" and returns OWN_FAILURE.
[[gnu::format(printf, 1, 2)]] int fail(const char* format, ...);

// Prints "atomrt: warning: …".
[[gnu::format(printf, 1, 2)]] void warn(const char* format, ...);

}  // namespace atomrt::launcher
