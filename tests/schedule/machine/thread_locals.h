// SPDX-License-Identifier: MIT
// The library's thread-local variables: one real thread runs all simulated ones, so each keeps its own copy while it
// does not run.
#pragma once

#include <cstddef>

namespace schedule {

constexpr std::size_t MOST_LOCALS = 64;

struct Locals {
  char bytes[MOST_LOCALS];
};

void find_locals();  // once, before the first run
void set_locals(const Locals& locals);
void get_locals(Locals& locals);
const Locals& first_locals();  // as a thread has them at its start

}  // namespace schedule
