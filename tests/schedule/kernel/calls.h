// SPDX-License-Identifier: MIT
// The calls of the simulated kernel that take more than a line, by subject. kernel/calls.cpp calls them.
#pragma once

#include <sys/uio.h>

#include <cstdint>

struct pollfd;
struct timespec;
struct stat;
struct statx;

namespace schedule {

// The result of a call that begins again after a handler with SA_RESTART.
constexpr long RESTART = -512;

void reset_calls();
unsigned signals_refused();  // notifications of this run that found no room
// What the scenario's kernel does not have: refused with ENOSYS.
void refuse_call(long number);

long futex(const std::uint32_t* word, int operation, std::uint32_t value, const timespec* time);
long transfer(int fd, const iovec* parts, int count, std::int64_t offset, bool writes, bool has_offset, bool nowait);
long sync(int fd);
long poll_call(pollfd* entries, unsigned count, const timespec* time, const std::uint64_t* mask);
long control(int fd, int command, long argument);
long status(int fd, struct statx* answer);
long old_status(int fd, struct stat* answer);

}  // namespace schedule
