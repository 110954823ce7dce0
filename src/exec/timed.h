// SPDX-License-Identifier: MIT
// Which descriptors' transfers only copy, where the file system can't tell beforehand (no RWF_NOWAIT: tmpfs,
// overlayfs; writes, but lone ones): after several quick ones in a row the next one is taken to be quick, too;
// a slow one ends that.
#pragma once

#include "chain/chain.h"
#include "exec/descriptor_hints.h"

namespace atomrt::exec {

// perform, on any thread; counts for Score::QUICK if the file system can't tell.
[[nodiscard]] long perform_timed(chain::Chain& chain, DescriptorHints& hints);

// One plain write of what is left of the request, of a number that is quick, on the submitting thread, which waits for
// it. One that takes longer than a worker would need to come ends that. Returns bytes or -errno.
[[nodiscard]] long write_timed(const chain::Request& request, DescriptorHints& hints);

}  // namespace atomrt::exec
