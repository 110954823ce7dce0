// SPDX-License-Identifier: MIT
// Policy: which context is worth asking for a chain. What no rule covers goes to threads, which can do everything.
#pragma once

#include "chain/chain.h"

namespace atomrt::engine {

// Files and disks opened for direct transfers.
[[nodiscard]] bool is_for_direct(const chain::Chain& chain);

// For a stream request that its submitter has just tried. One that was held since then, or that a timeout of its socket
// may end, has to be tried again first.
[[nodiscard]] bool is_for_poll(const chain::Chain& chain);

[[nodiscard]] bool is_for_ring(const chain::Chain& chain);

}  // namespace atomrt::engine
