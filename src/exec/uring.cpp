// SPDX-License-Identifier: MIT
#include "exec/uring.h"

#include <sys/mman.h>

#include <cstring>

#include "base/tuning.h"
#include "os/memory.h"
#include "os/system_call.h"

namespace atomrt::exec {
namespace {

constexpr std::size_t PAGE = 4096;
// Room for the kernel's struct io_rings, after which the completion entries come, and for its alignment.
constexpr std::size_t RING_HEAD = 1024;
// From liburing: ring_fd is an index of registered descriptors.
constexpr std::uint8_t IS_REGISTERED_RING = 1;
// Before Linux 6.10 the memory of either part must be contiguous: one page.
constexpr unsigned ENTRIES_OF_ONE_PAGE = 64, COMPLETIONS_OF_ONE_PAGE = 128;

std::size_t rounded(std::size_t size) { return (size + PAGE - 1) / PAGE * PAGE; }

void point(io_uring& ring, const io_uring_params& made, char* rings, char* entries) {
  const auto word = [rings](unsigned offset) { return reinterpret_cast<unsigned*>(rings + offset); };
  ring.sq.khead = word(made.sq_off.head);
  ring.sq.ktail = word(made.sq_off.tail);
  ring.sq.kring_mask = word(made.sq_off.ring_mask);
  ring.sq.kring_entries = word(made.sq_off.ring_entries);
  ring.sq.kflags = word(made.sq_off.flags);
  ring.sq.kdropped = word(made.sq_off.dropped);
  ring.sq.array = word(made.sq_off.array);
  ring.sq.sqes = reinterpret_cast<io_uring_sqe*>(entries);
  ring.sq.ring_ptr = rings;
  ring.sq.ring_mask = *ring.sq.kring_mask;
  ring.sq.ring_entries = *ring.sq.kring_entries;
  // Each slot names the entry of its own number; liburing relies on it.
  for (unsigned i = 0; i < ring.sq.ring_entries; ++i) ring.sq.array[i] = i;
  ring.cq.khead = word(made.cq_off.head);
  ring.cq.ktail = word(made.cq_off.tail);
  ring.cq.kring_mask = word(made.cq_off.ring_mask);
  ring.cq.kring_entries = word(made.cq_off.ring_entries);
  ring.cq.koverflow = word(made.cq_off.overflow);
  ring.cq.kflags = word(made.cq_off.flags);
  ring.cq.cqes = reinterpret_cast<io_uring_cqe*>(rings + made.cq_off.cqes);
  ring.cq.ring_ptr = rings;
  ring.cq.ring_mask = *ring.cq.kring_mask;
  ring.cq.ring_entries = *ring.cq.kring_entries;
}

int try_open(Uring& uring, unsigned entries) {
  const unsigned twice = entries * 2;
  const unsigned least = entries > ENTRIES_OF_ONE_PAGE ? tuning::LEAST_COMPLETIONS : COMPLETIONS_OF_ONE_PAGE;
  const unsigned completions = twice < least ? least : twice;
  const std::size_t rings_size = rounded(RING_HEAD + completions * sizeof(io_uring_cqe) + entries * sizeof(unsigned));
  const std::size_t entries_size = rounded(entries * sizeof(io_uring_sqe));
  const auto memory = os::map_memory(rings_size + entries_size);
  if (!memory) return memory.error();
  char* const rings = static_cast<char*>(*memory);
  // A child has no use for it: the ring is not its own.
  os::system_call(SYS_madvise, rings, rings_size + entries_size, MADV_DONTFORK);
  io_uring_params made{};
  // Not IORING_SETUP_DEFER_TASKRUN, whose completions are seen only by a thread that may enter the ring.
  made.flags = URING_NO_MMAP | URING_REGISTERED_FD_ONLY | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
               IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
  made.cq_entries = completions;
  made.cq_off.resv2 = reinterpret_cast<std::uintptr_t>(rings);  // user_addr in newer headers
  made.sq_off.resv2 = reinterpret_cast<std::uintptr_t>(rings) + rings_size;
  const long index = os::system_call(SYS_io_uring_setup, entries, &made);
  if (index < 0) {
    os::unmap_memory(rings, rings_size + entries_size);
    return static_cast<int>(-index);
  }
  std::memset(&uring, 0, sizeof uring);
  point(uring.ring, made, rings, rings + rings_size);
  uring.ring.flags = made.flags;
  uring.ring.features = made.features;
  uring.ring.ring_fd = uring.ring.enter_ring_fd = static_cast<int>(index);
  uring.ring.int_flags = IS_REGISTERED_RING;
  uring.memory = rings;
  uring.size = rings_size + entries_size;
  return 0;
}

bool has_futex_wait(int index) {
  constexpr unsigned OPERATIONS = 64;
  constexpr unsigned USE_REGISTERED_RING = 1U << 31;
  alignas(io_uring_probe) char memory[sizeof(io_uring_probe) + OPERATIONS * sizeof(io_uring_probe_op)]{};
  io_uring_probe& probe = *reinterpret_cast<io_uring_probe*>(memory);
  constexpr unsigned CALL = IORING_REGISTER_PROBE | USE_REGISTERED_RING;
  return os::system_call(SYS_io_uring_register, index, CALL, &probe, OPERATIONS) == 0 &&
         probe.last_op >= URING_FUTEX_WAIT && (probe.ops[URING_FUTEX_WAIT].flags & IO_URING_OP_SUPPORTED) != 0;
}

}  // namespace

int open_uring(Uring& uring, unsigned entries) {
  int error = try_open(uring, entries);
  if (error == EINVAL && entries > ENTRIES_OF_ONE_PAGE) error = try_open(uring, ENTRIES_OF_ONE_PAGE);
  if (error != 0) return error;
  if (has_futex_wait(uring.ring.ring_fd)) return 0;
  close_uring(uring);
  return EOPNOTSUPP;
}

void close_uring(Uring& uring) { os::unmap_memory(uring.memory, uring.size); }

}  // namespace atomrt::exec
