// SPDX-License-Identifier: MIT
#include "os/file.h"

#include <asm/termbits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "os/clock.h"
#include "os/system_call.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

namespace atomrt::os {
namespace {

// EINTR comes though signals are blocked: by the C library's own (setuid in another thread), and in some calls when a
// stopped process goes on. A file server may say EINTR itself each time: then that is the result.
template <typename Call>
long restarting(Call call) {
  constexpr int MOST_INTERRUPTIONS = 100;
  long result = call();
  for (int i = 0; result == -EINTR && i < MOST_INTERRUPTIONS; ++i) result = call();
  return result;
}

std::size_t cut(std::size_t length) { return length < MOST_BYTES ? length : MOST_BYTES; }

// pread64 and pwrite64 take the offset in one register or in two; 32-bit arm and mips would want an even pair.
template <typename Buffer>
long positional(long number, int fd, Buffer buffer, std::size_t length, std::int64_t offset) {
  if constexpr (sizeof(long) == 8) {
    return restarting([=] { return system_call(number, fd, buffer, cut(length), offset); });
  } else {
    return restarting([=] {
      return system_call(number, fd, buffer, cut(length), static_cast<long>(offset), static_cast<long>(offset >> 32));
    });
  }
}

// preadv2 and pwritev2 always take the offset in two words, the second unused on 64-bit kernels; offset -1 means the
// file position, which streams want.
long vectored(long number, int fd, const iovec* parts, int count, std::int64_t offset, int flags = RWF_NOWAIT) {
  const long high = sizeof(long) == 8 ? 0 : static_cast<long>(offset >> 32);
  return restarting([&] { return system_call(number, fd, parts, count, static_cast<long>(offset), high, flags); });
}

long vectored(long number, int fd, void* buffer, std::size_t length, std::int64_t offset) {
  const iovec whole{buffer, cut(length)};
  return vectored(number, fd, &whole, 1, offset);
}

}  // namespace

long read_at(int fd, void* buffer, std::size_t length, std::int64_t offset) {
  return positional(SYS_pread64, fd, buffer, length, offset);
}

long write_at(int fd, const void* buffer, std::size_t length, std::int64_t offset) {
  return positional(SYS_pwrite64, fd, buffer, length, offset);
}

long read_next(int fd, void* buffer, std::size_t length) {
  return restarting([=] { return system_call(SYS_read, fd, buffer, cut(length)); });
}

long write_next(int fd, const void* buffer, std::size_t length) {
  return restarting([=] { return system_call(SYS_write, fd, buffer, cut(length)); });
}

long read_at_now(int fd, void* buffer, std::size_t length, std::int64_t offset) {
  return vectored(SYS_preadv2, fd, buffer, length, offset);
}

// The first byte gets a buffer of its own. O_DIRECT moves no single bytes: ext4, xfs, f2fs and disks refuse, btrfs
// reads from memory.
long read_memory_at_now(int fd, void* buffer, std::size_t length, std::int64_t offset) {
  char* bytes = static_cast<char*>(buffer);
  constexpr std::uintptr_t PAGE = 4096;
  // The first byte is stored here, after the kernel has stored the second: on one page, so this can't fault.
  if (length < 2 || reinterpret_cast<std::uintptr_t>(bytes) % PAGE == PAGE - 1) {
    return length == 0 ? read_at_now(fd, buffer, 0, offset) : -EINVAL;
  }
  char first;
  const iovec parts[] = {{&first, 1}, {bytes + 1, cut(length) - 1}};
  const long result = vectored(SYS_preadv2, fd, parts, 2, offset);
  if (result == 1) return -EINVAL;
  if (result > 1) *bytes = first;
  return result;
}

long write_at_now(int fd, const void* buffer, std::size_t length, std::int64_t offset) {
  return vectored(SYS_pwritev2, fd, const_cast<void*>(buffer), length, offset);
}

long read_next_now(int fd, void* buffer, std::size_t length, bool is_socket) {
  if (!is_socket) return vectored(SYS_preadv2, fd, buffer, length, -1);
  // A read of no bytes returns at once, where recv would wait for a message, and take it.
  if (length == 0) return read_next(fd, buffer, 0);
  return restarting([=] { return system_call(SYS_recvfrom, fd, buffer, cut(length), MSG_DONTWAIT, nullptr, nullptr); });
}

long write_next_now(int fd, const void* buffer, std::size_t length, bool is_socket) {
  if (!is_socket) return vectored(SYS_pwritev2, fd, const_cast<void*>(buffer), length, -1);
  return restarting([=] {
    return system_call(SYS_sendto, fd, buffer, cut(length), MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
  });
}

// The kernel checks the descriptor, then each of several buffers in full (a single one it cuts first), then offset and
// flags. Nothing is moved at the greatest offset, nor with an unknown flag.
int check_long_transfer(int fd, bool writes, void* buffer, std::size_t length, std::int64_t offset) {
  constexpr int NO_SUCH_FLAG = 1 << 30;
  constexpr std::size_t LONGEST = SIZE_MAX / 2;
  const iovec parts[] = {{buffer, length}, {nullptr, 0}};
  const long answer = vectored(writes ? SYS_pwritev : SYS_preadv, fd, parts, 2, INT64_MAX);
  if (answer == -EBADF) return EBADF;
  if (length > LONGEST) return EINVAL;
  if (answer == -ESPIPE) {
    return vectored(writes ? SYS_pwritev2 : SYS_preadv2, fd, parts, 2, -1, NO_SUCH_FLAG) == -EFAULT ? EFAULT : 0;
  }
  if (answer == -EFAULT) return offset < 0 ? EINVAL : EFAULT;
  return answer == -EINVAL && offset > INT64_MAX - static_cast<std::int64_t>(length) ? EINVAL : 0;
}

long cut_file(int fd, std::int64_t size) {
#ifdef SYS_ftruncate64  // the size in two words, as positional() gives an offset
  return system_call(SYS_ftruncate64, fd, static_cast<long>(size), static_cast<long>(size >> 32));
#else
  return system_call(SYS_ftruncate, fd, size);
#endif
}

long sync_file(int fd, bool data_only) {
  return restarting([=] { return system_call(data_only ? SYS_fdatasync : SYS_fsync, fd); });
}

bool is_terminal_that_polls_for_more(int fd, std::size_t length) {
  struct termios settings {};
  if (system_call(SYS_ioctl, fd, TCGETS, &settings) != 0) return false;
  if ((settings.c_lflag & ICANON) != 0) return false;
  const std::size_t least = settings.c_cc[VMIN];
  return least == 0 || (least > length && settings.c_cc[VTIME] == 0);
}

namespace {

int option_of(int socket, int option, int otherwise) {
  int value = otherwise;
  socklen_t length = sizeof value;
  return system_call(SYS_getsockopt, socket, SOL_SOCKET, option, &value, &length) == 0 ? value : otherwise;
}

}  // namespace

std::size_t low_mark(int socket) {
  const int mark = option_of(socket, SO_RCVLOWAT, 1);
  return mark > 1 && option_of(socket, SO_TYPE, SOCK_DGRAM) == SOCK_STREAM ? static_cast<std::size_t>(mark) : 1;
}

long receive_all(int socket, void* buffer, std::size_t length) {
  return restarting(
      [=] { return system_call(SYS_recvfrom, socket, buffer, cut(length), MSG_WAITALL, nullptr, nullptr); });
}

bool has_timeout(int socket, bool for_writing) {
  timeval time{};
  socklen_t length = sizeof time;
  const int option = for_writing ? SO_SNDTIMEO : SO_RCVTIMEO;
  if (system_call(SYS_getsockopt, socket, SOL_SOCKET, option, &time, &length) != 0) return false;
  return time.tv_sec != 0 || time.tv_usec != 0;
}

long poll_all(pollfd* entries, std::size_t count, std::int64_t timeout_ns) {
  timespec time = to_timespec(timeout_ns);
#ifdef SYS_ppoll
  return system_call(SYS_ppoll, entries, count, &time, nullptr, 0);
#else
  return system_call(SYS_ppoll_time64, entries, count, &time, nullptr, 0);
#endif
}

bool wait_until_ready(int fd, bool for_writing, std::int64_t timeout_ns) {
  pollfd entry{fd, static_cast<short>(for_writing ? POLLOUT : POLLIN), 0};
  return poll_all(&entry, 1, timeout_ns) != 0;
}

}  // namespace atomrt::os
