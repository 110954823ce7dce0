// SPDX-License-Identifier: MIT
#include "os/kernel_aio.h"

#include <poll.h>

#include <cerrno>

#include "os/clock.h"
#include "os/memory.h"
#include "os/system_call.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

namespace atomrt::os {
namespace {

constexpr std::uint32_t MAGIC = 0xa10a10a1;

// For a wait that consumes nothing: once there is an event the kernel finds that it can't write it there, says EFAULT
// and keeps it. An address of the kernel's own is refused without a page fault (0.7 us against 14).
io_event* unwritable() { return reinterpret_cast<io_event*>(-4096L); }

struct MaskArgument {
  const KernelSignalSet* mask;
  std::size_t size;
};

#ifdef SYS_io_pgetevents_time64
constexpr long GET_EVENTS = SYS_io_pgetevents_time64;
#else
constexpr long GET_EVENTS = SYS_io_pgetevents;
#endif
struct KernelTime {
  std::int64_t seconds;
  std::int64_t nanoseconds;
};

long get_events(CompletionRing* ring, long least, const KernelTime* time, const KernelSignalSet* mask) {
  const MaskArgument argument{mask, sizeof *mask};
  return system_call(GET_EVENTS, ring, least, 1, unwritable(), time, &argument);
}

#ifdef SYS_ppoll_time64
constexpr long POLL = SYS_ppoll_time64;
#else
constexpr long POLL = SYS_ppoll;
#endif

// For a process whose seccomp filter forbids get_events, with requests in flight: their events come into memory all the
// same, and are looked for again soon.
int wait_without_asking(const KernelSignalSet& mask, std::int64_t deadline_ns) {
  constexpr std::int64_t LONGEST_NS = 1'000'000;
  const std::int64_t left = deadline_ns == NO_DEADLINE ? LONGEST_NS : deadline_ns - now_ns();
  KernelTime time{0, left > LONGEST_NS ? LONGEST_NS : left > 0 ? left : 0};
  const long result = system_call(POLL, nullptr, 0, &time, &mask, sizeof mask);
  if (result == -EINTR) return EINTR;
  return left < LONGEST_NS ? ETIMEDOUT : 0;
}

}  // namespace

base::Expected<CompletionRing*> make_aio_context(std::uint32_t requests) {
  aio_context_t context = 0;
  const long result = system_call(SYS_io_setup, requests, &context);
  if (result < 0) return base::Error{static_cast<int>(-result)};
  auto* ring = reinterpret_cast<CompletionRing*>(context);
  const bool is_known = ring->magic == MAGIC && ring->incompatible_features == 0 &&
                        ring->header_length == sizeof(CompletionRing) && ring->size > 1;
  const KernelTime at_once{};
  const long waited = is_known ? get_events(ring, 0, &at_once, nullptr) : -ENOSYS;
  if (waited >= 0) {
    note_of_this_process(ring, sizeof(CompletionRing) + ring->size * sizeof(io_event));
    return ring;
  }
  destroy_aio_context(ring);
  return base::Error{static_cast<int>(-waited)};
}

void destroy_aio_context(CompletionRing* ring) {
  forget_of_this_process(ring);
  system_call(SYS_io_destroy, ring);
}

iocb make_transfer(bool writes, int fd, void* buffer, std::size_t length, std::int64_t offset, std::uint64_t data) {
  iocb transfer{};
  transfer.aio_data = data;
  transfer.aio_lio_opcode = writes ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
  transfer.aio_rw_flags = RWF_NOWAIT;
  transfer.aio_fildes = static_cast<std::uint32_t>(fd);
  transfer.aio_buf = reinterpret_cast<std::uintptr_t>(buffer);
  transfer.aio_nbytes = length;
  transfer.aio_offset = offset;
  return transfer;
}

iocb make_poll(int fd, bool for_writing, std::uint64_t data) {
  iocb poll{};
  poll.aio_data = data;
  poll.aio_lio_opcode = IOCB_CMD_POLL;
  poll.aio_fildes = static_cast<std::uint32_t>(fd);
  poll.aio_buf = for_writing ? POLLOUT : POLLIN;
  return poll;
}

// The event comes by the ring; the kernel no longer writes the one that it is given here.
void cancel_aio(CompletionRing* ring, const iocb* poll) {
  io_event unused;
  system_call(SYS_io_cancel, ring, poll, &unused);
}

bool can_cancel_aio(CompletionRing* ring) {
  const iocb nobodys{};
  io_event unused;
  return system_call(SYS_io_cancel, ring, &nobodys, &unused) == -EINVAL;
}

long submit_aio(CompletionRing* ring, iocb* const transfers[], long count) {
  return system_call(SYS_io_submit, ring, count, transfers);
}

std::optional<long> find_result(const CompletionRing& ring, std::uint32_t since, std::uint64_t data) {
  const std::uint32_t tail = ring.tail.load(std::memory_order_acquire);
  for (std::uint32_t i = since; i != tail; i = (i + 1) % ring.size) {
    if (ring.events[i].data == data) return static_cast<long>(ring.events[i].res);
  }
  return std::nullopt;
}

int wait_for_event(CompletionRing* ring, const KernelSignalSet& mask, std::int64_t deadline_ns) {
  KernelTime time{};
  if (deadline_ns != NO_DEADLINE) {
    const std::int64_t left = deadline_ns - now_ns();
    if (left > 0) time = {left / NANOSECONDS_PER_SECOND, left % NANOSECONDS_PER_SECOND};
  }
  const long result = get_events(ring, 1, deadline_ns == NO_DEADLINE ? nullptr : &time, &mask);
  switch (result) {
    case 0:
      return ETIMEDOUT;
    case -EFAULT:
      return 0;
    case -EINTR:
      return EINTR;
    default:
      return wait_without_asking(mask, deadline_ns);
  }
}

}  // namespace atomrt::os
