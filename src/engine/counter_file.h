// SPDX-License-Identifier: MIT
// counter_file: counters in a mapped file of this process (ATOMRT_COUNTERS), which survive a signal that kills the
// process. On tmpfs only: a store into a mapped file of a disk can wait for that disk, in the thread that submits.
//
// Called by the thread that starts the engine, with its lock held and signals blocked. A child begins a file of its
// own; its parent's stays mapped there, which does no harm, as nothing refers to it, and descendants unmap it
// (os/memory.h).
#pragma once

#include "exec/counters.h"

namespace atomrt::engine {

// Prepared counters in the file of that name; .PID is appended to a name without %p. Null if it can't be made, which is
// reported once.
[[nodiscard]] exec::Counters* make_counter_file(const char* pattern);

}  // namespace atomrt::engine
