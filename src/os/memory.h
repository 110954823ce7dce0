// SPDX-License-Identifier: MIT
// Anonymous memory straight from the kernel: zeroed, private, and zeroed again in a child after fork
// (MADV_WIPEONFORK, Linux 4.14), so that a child starts with an engine that has never run. Async-signal-safe.
#pragma once

#include <cstddef>

#include "base/expected.h"

namespace atomrt::os {

// size in bytes, rounded up to pages by the kernel. Errors: ENOMEM, EAGAIN (mmap(2)).
base::Expected<void*> map_memory(std::size_t size);
void unmap_memory(void* memory, std::size_t size);
// Nothing will ever be mapped at that page, unless something is already, or a caller insists on it (MAP_FIXED).
void reserve_page(void* address);

// False where the kernel cannot wipe memory on fork, or an emulator of it only says so: the caller must do it itself
// (pthread_atfork).
[[nodiscard]] bool wipe_on_fork(void* memory, std::size_t size);

// A child does not have it at all.
void drop_on_fork(void* memory, std::size_t size);

// Memory that is wiped on fork, and never given back, is a child's as well, and would add up from one generation of
// children to the next. So it is noted, and a process reuses what its ancestors had; but not what the last few
// generations had: a child that was forked in a handler returns through frames that have pointers into its parent's.
// Nothing is noted beyond a thousand pieces, nor used again in children that no handler of fork has counted (clone).
void note_for_descendants(void* memory, std::size_t size);
// Zeroed, of that very size; null where there is none.
[[nodiscard]] void* take_inherited(std::size_t size);

// The same for a mapping that a child has too, without a use for it (an AIO context's). A process that notes its own
// unmaps those of its ancestors, except the last few generations'. Forgotten before it is given back.
void note_of_this_process(void* memory, std::size_t size);
void forget_of_this_process(void* memory);

}  // namespace atomrt::os
