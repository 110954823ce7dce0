// SPDX-License-Identifier: MIT
// Data races: two accesses of the same bytes by two threads, at least one a write and at least one plain, of which none
// happens before the other. The last accesses of each eight bytes are kept, with the stacks that made them.
#pragma once

#include <cstddef>

namespace schedule {

// False for thread-local variables: each simulated thread has its own copy of these.
[[nodiscard]] bool is_tracked(const void* memory);
void note_plain_access(const void* memory, std::size_t size, bool writes);
void check_plain_access(const void* memory, std::size_t size);  // a write, which is not kept
void note_atomic_access(const void* word, std::size_t size, bool writes);

}  // namespace schedule
