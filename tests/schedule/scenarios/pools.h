// SPDX-License-Identifier: MIT
// That the library has got everything back.
#pragma once

namespace schedule {

void check_pools();

}  // namespace schedule
