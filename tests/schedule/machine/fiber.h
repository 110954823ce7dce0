// SPDX-License-Identifier: MIT
// Fiber: a stack of its own and the place where its thread stands. All simulated threads live on one real thread.
#pragma once

#include <cstddef>

namespace schedule {

constexpr std::size_t STACK_SIZE = 256 * 1024;

struct Fiber {
  void* stack_pointer = nullptr;
  char* stack = nullptr;  // lowest address; kept from one run to the next
};

// The fiber begins in entry() when it is first switched to; entry never returns.
void prepare(Fiber& fiber, void (*entry)());
void switch_fibers(Fiber& from, const Fiber& to);

}  // namespace schedule
