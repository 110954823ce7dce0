// SPDX-License-Identifier: MIT
// Which descriptors' transfers only copy, where the file system can't tell beforehand (no RWF_NOWAIT: tmpfs,
// overlayfs): after several quick ones in a row the next one is taken to be quick, too; a slow one ends that.
#pragma once

#include "chain/chain.h"
#include "exec/descriptor_hints.h"

namespace atomrt::exec {

// perform, on any thread; counts for Score::QUICK if the file system can't tell.
[[nodiscard]] long perform_timed(chain::Chain& chain, DescriptorHints& hints);

}  // namespace atomrt::exec
