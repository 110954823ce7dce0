// SPDX-License-Identifier: MIT
// An io_uring without a descriptor: its memory is the library's own (IORING_SETUP_NO_MMAP) and its number an index that
// only the creating task can use (IORING_SETUP_REGISTERED_FD_ONLY), both Linux 6.5. The kernel frees the ring when that
// task ends.
#pragma once

#include <liburing.h>

#include <cstddef>

namespace atomrt::exec {

// From the kernel's include/uapi/linux/io_uring.h and futex.h; the headers of Debian 12 are older.
constexpr unsigned URING_NO_MMAP = 1U << 14;
constexpr unsigned URING_REGISTERED_FD_ONLY = 1U << 15;
constexpr std::uint8_t URING_FUTEX_WAIT = 51;  // Linux 6.7
constexpr std::uint64_t FUTEX_ANY_BIT = 0xffffffff;
constexpr int FUTEX2_PRIVATE_U32 = 0x02 | 128;

struct Uring {
  io_uring ring;
  void* memory;
  std::size_t size;
};

// Makes a ring that only this thread may use, with room for that many submissions, or fewer if the kernel takes only a
// page. 0, or an errno: ENOSYS, EPERM, EINVAL (an old kernel), ENOMEM, EOPNOTSUPP (no futex operation).
[[nodiscard]] int open_uring(Uring& uring, unsigned entries);
// Gives the memory back. What is still in the ring is cancelled when the thread ends.
void close_uring(Uring& uring);

}  // namespace atomrt::exec
