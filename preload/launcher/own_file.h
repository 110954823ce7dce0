// SPDX-License-Identifier: MIT
// The file of this very program.
#pragma once

#include "launcher/path.h"

namespace atomrt::launcher {

// By /proc, or where that is not mounted (a chroot), by the name that the kernel was given (AT_EXECFN). False where
// neither leads to it.
[[nodiscard]] bool find_own_file(Path& path);

}  // namespace atomrt::launcher
