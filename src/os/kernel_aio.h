// SPDX-License-Identifier: MIT
// Kernel AIO (io_setup(2) and its kin): a context, submission into it, and its ring of completions, which the kernel
// maps into this process's memory, where events may be read and consumed without a system call. Requests belong to the
// process, not to a thread. Async-signal-safe, no cancellation points.
//
// The kernel writes `tail` (release) after an event; the consumer stores `head` (release). Consumers take turns by
// a lock of their own.
#pragma once

#include <linux/aio_abi.h>

#include <atomic>
#include <cstdint>
#include <optional>

#include "base/expected.h"
#include "os/file.h"
#include "os/signals.h"

namespace atomrt::os {

// fs/aio.c, struct aio_ring: the same since Linux 2.6.
struct CompletionRing {
  std::uint32_t id;
  std::uint32_t size;  // in events
  std::atomic<std::uint32_t> head;
  std::atomic<std::uint32_t> tail;
  std::uint32_t magic;
  std::uint32_t compatible_features;
  std::uint32_t incompatible_features;
  std::uint32_t header_length;
  io_event events[];
};
static_assert(sizeof(CompletionRing) == 32 && sizeof(std::atomic<std::uint32_t>) == 4);

// A context for at least that many requests, known by its ring. Errors: EAGAIN (fs.aio-max-nr), ENOSYS, EPERM, EACCES
// (seccomp), ENOMEM; ENOSYS also where the kernel lacks io_pgetevents (before 4.18), or lays its ring out otherwise.
base::Expected<CompletionRing*> make_aio_context(std::uint32_t requests);
// Gives it back to the machine; waits for requests in flight, and for milliseconds anyway. No event may be read any
// more.
void destroy_aio_context(CompletionRing* ring);

// A read or write at an offset, without waiting in submission (RWF_NOWAIT, Linux 4.13). data comes back in its event.
iocb make_transfer(bool writes, int fd, void* buffer, std::size_t length, std::int64_t offset, std::uint64_t data);

// A wait until the descriptor is readable (writable), has an error or hangs up (IOCB_CMD_POLL, Linux 4.18). Its event's
// result is what poll(2) has in revents. EINVAL in submission: the kernel can't poll that kind (terminals, FIFOs opened
// O_RDWR).
iocb make_poll(int fd, bool for_writing, std::uint64_t data);
// Takes a poll back, named by the address that it was submitted from, which must still be readable: its event comes
// soon, unless it has come already.
void cancel_aio(CompletionRing* ring, const iocb* poll);
// False where a seccomp filter refuses it.
[[nodiscard]] bool can_cancel_aio(CompletionRing* ring);

// How many were accepted, or -errno where the first was not.
long submit_aio(CompletionRing* ring, iocb* const transfers[], long count);

// What a transfer has ended with, bytes or -errno, where its event is between `since` and the tail; else nothing.
[[nodiscard]] std::optional<long> find_result(const CompletionRing& ring, std::uint32_t since, std::uint64_t data);

// Sleeps until there is an event to consume, or until the deadline (NO_DEADLINE: none), with the calling thread's
// signal mask replaced meanwhile. Consumes nothing. 0, ETIMEDOUT, EINTR after any handler. Where the kernel does not
// let it wait (a filter, a context that is gone) it returns 0 after a moment: look, and call again.
int wait_for_event(CompletionRing* ring, const KernelSignalSet& mask, std::int64_t deadline_ns);

}  // namespace atomrt::os
