// SPDX-License-Identifier: MIT
// Where the preload library is, and the audit module beside it.
#pragma once

#include "launcher/path.h"

namespace atomrt::launcher {

// Beside the launcher (build tree), else in the library folder that belongs to the launcher's own place (an installed
// tree may be moved as a whole), else where it was configured to be. False after one line on standard error.
[[nodiscard]] bool find_preload(Path& path);

// In the folder of the preload (which may hold $LIB). False after one line on standard error.
[[nodiscard]] bool find_audit(const Path& preload, Path& path);

}  // namespace atomrt::launcher
