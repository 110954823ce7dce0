// SPDX-License-Identifier: MIT
// The simulated process's side of libc.
#pragma once

#include <cstdint>

namespace schedule {

enum class ForkSide : std::uint8_t { PREPARE, PARENT, CHILD };

void reset_libc();
unsigned threads_refused();  // by pthread_create, in this run
// Like a handler that interrupts malloc: until this thread lets it go, pthread_create blocks all others.
void hold_malloc();
void let_malloc_go();
// How many are registered. Those from before a fork began run on each of its sides.
unsigned fork_handlers();
void run_fork_handlers(ForkSide side, unsigned count);

}  // namespace schedule
