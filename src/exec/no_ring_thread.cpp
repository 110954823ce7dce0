// SPDX-License-Identifier: MIT
// Used if the library is built without liburing: as if the kernel refused a ring.
#include "exec/ring.h"

namespace atomrt::exec {

bool serve(Ring&) { return false; }

}  // namespace atomrt::exec
