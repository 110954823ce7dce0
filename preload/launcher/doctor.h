// SPDX-License-Identifier: MIT
// `atomrt --doctor`: what this kernel and environment offer to the library, as a table on standard output.
#pragma once

namespace atomrt::launcher {

// The exit status: 0, or OWN_FAILURE where the preload library is missing.
int print_diagnosis();

}  // namespace atomrt::launcher
