// SPDX-License-Identifier: MIT
// `atomrt --explain PROGRAM`: whether and where it uses POSIX AIO, and whether atomrt would serve it. Runs nothing of
// it.
#pragma once

namespace atomrt::launcher {

// The exit status: 0 where atomrt would serve it, 1 where not, NOT_FOUND, OWN_FAILURE.
int explain(const char* program, bool is_json);

}  // namespace atomrt::launcher
