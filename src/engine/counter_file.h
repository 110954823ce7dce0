// SPDX-License-Identifier: MIT
// counter_file: counters in a file of this process (ATOMRT_COUNTERS), which a signal that ends the process leaves as
// they are. On tmpfs alone: a store into a file of a disk can wait for that disk, and would in the thread that submits.
//
// By who starts the engine, with its lock held and signals blocked. A child begins a file of its own; that its parent's
// is still mapped in it does no harm, as nobody there knows it, and descendants unmap it (os/memory.h).
#pragma once

#include "exec/counters.h"

namespace atomrt::engine {

// Prepared counters in the file of that name, with .PID added to one without %p; null where there can be none, which is
// said once.
[[nodiscard]] exec::Counters* make_counter_file(const char* pattern);

}  // namespace atomrt::engine
