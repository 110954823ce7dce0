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
// Nothing is mapped at that page any more, for ever, unless it is already or who asks for it there insists.
void reserve_page(void* address);

// False where the kernel cannot wipe memory on fork, or an emulator of it only says so: the caller must do it itself
// (pthread_atfork).
[[nodiscard]] bool wipe_on_fork(void* memory, std::size_t size);

}  // namespace atomrt::os
