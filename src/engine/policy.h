// SPDX-License-Identifier: MIT
// Policy: which context is worth asking for a chain. What no rule speaks of goes to threads, which can do everything.
#pragma once

#include "chain/chain.h"

namespace atomrt::engine {

// Files and disks opened for direct transfers.
[[nodiscard]] bool is_for_direct(const chain::Chain& chain);

// A stream request that its submitter has just tried. One that was held since, or that may end by a timeout of its
// socket, has to be tried again first.
[[nodiscard]] bool is_for_poll(const chain::Chain& chain);

[[nodiscard]] bool is_for_ring(const chain::Chain& chain);

}  // namespace atomrt::engine
