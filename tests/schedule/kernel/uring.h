// SPDX-License-Identifier: MIT
// io_uring: rings in the process's memory, each of one thread, as io_uring_setup makes them; the calls of liburing that
// enter the kernel. The seed chooses what the kernel may: when an operation ends, and in which order; that it is cut
// short, or refused as the ring's own; that a completion is shown only when its thread passes through the kernel
// (IORING_SQ_TASKRUN), or only when it is asked for, for want of room (IORING_SQ_CQ_OVERFLOW).
#pragma once

#include <cstdint>

struct io_uring_params;

namespace schedule {

void reset_uring();
void enter_child_uring();  // a child has no ring
void leave_child_uring();
long uring_setup(unsigned entries, io_uring_params* parameters);
long uring_register(long ring, unsigned call, void* argument, unsigned count);
// That memory is no ring any more: its thread has given it up.
void uring_unmapped(const void* memory);
// On the way back from any call: the running thread is shown what has completed in its rings.
void pass_through_uring();
// Wakes up to `most` waiters for that futex in rings. Returns how many.
unsigned wake_in_uring(const std::uint32_t* word, unsigned most);
// A filter forbids io_uring_enter from now on.
void forbid_uring();
[[nodiscard]] unsigned urings();

}  // namespace schedule
