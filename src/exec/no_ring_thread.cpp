// SPDX-License-Identifier: MIT
// Stands in where the library is built without liburing: as if the kernel refused.
#include "exec/ring.h"

namespace atomrt::exec {

bool serve(Ring&) { return false; }

}  // namespace atomrt::exec
