// Where the preload library is.
#pragma once

#include "launcher/path.h"

namespace atomrt::launcher {

// Beside the launcher (build tree), else in the library folder that belongs to the launcher's own place (an installed
// tree may be moved as a whole), else where it was configured to be. False after one line on standard error.
[[nodiscard]] bool find_preload(Path& path);

}  // namespace atomrt::launcher
