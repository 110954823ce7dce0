// SPDX-License-Identifier: MIT
// --pending: what is in flight in another process, without its help.
#pragma once

namespace atomrt::launcher {

// pid: as text. The exit status: 0, also where nothing is in flight; 125 after one line on standard error.
[[nodiscard]] int print_pending(const char* pid, bool is_json);

}  // namespace atomrt::launcher
