// SPDX-License-Identifier: MIT
// The simulated process's memory: one range of addresses. Its first part is the program's (aiocbs, buffers), the rest is
// given out by mmap. What a run has written is zeroed before the next, page by page; the library's own variables are
// put back as they were at the start.
//
// The program may forbid bytes of its own: an aiocb whose result it has seen belongs to it, and whatever touches it
// then, the library or the kernel, fails the run.
#pragma once

#include <cstddef>
#include <cstdint>

namespace schedule {

constexpr std::size_t PAGE = 4096;
constexpr std::size_t PROGRAM_SIZE = 256 * 1024;

void reserve_memory();  // once
void reset_memory();    // before each run

// Null: no room.
void* map_pages(std::size_t size);
void unmap_pages(void* memory, std::size_t size);
void keep_from_child(void* memory, std::size_t size);  // MADV_WIPEONFORK
void hide_from_child(void* memory, std::size_t size);  // MADV_DONTFORK
// What fork does to a child's memory, and back: the parent's memory is kept aside meanwhile.
void enter_child_memory();
void leave_child_memory();

void* program_memory(std::size_t size);  // zeroed, to the end of the run
void forbid(const void* memory, std::size_t size);
void allow(const void* memory, std::size_t size);

// Called for each access of the library and the kernel.
void note_access(const void* memory, std::size_t size, bool writes);
// A mapping that no other thread knows of yet: accesses to it are no steps.
[[nodiscard]] bool is_fresh(const void* memory);
void end_freshness();

}  // namespace schedule
