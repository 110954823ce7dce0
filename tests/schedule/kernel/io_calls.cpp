// SPDX-License-Identifier: MIT
// Calls of I/O: transfers, sync, poll, fcntl, statx.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <vector>

#include "kernel/calls.h"
#include "kernel/device.h"
#include "kernel/signals.h"
#include "machine/report.h"
#include "machine/scheduler.h"

namespace schedule {
namespace {

std::int64_t deadline_of(const timespec* time) {
  return time == nullptr ? NEVER : now() + time->tv_sec * 1'000'000'000 + time->tv_nsec;
}

long transfer_regular(OpenFile& file, const Parts& parts, std::int64_t offset, bool writes, bool nowait) {
  Inode& inode = *file.inode;
  const bool is_direct = (file.flags & O_DIRECT) != 0;
  if (is_direct && parts.parts[0].iov_len % 512 != 0) return -EINVAL;
  if (nowait) {
    // A page may be missing, or locked, at any time.
    if (is_direct || !inode.is_cached || perhaps(8)) return -EAGAIN;
    return writes ? write_regular(inode, parts, offset, (file.flags & O_APPEND) != 0) : read_regular(inode, parts, offset);
  }
  if (offset < 0) return -EINVAL;
  Operation operation{};
  operation.kind = writes ? Operation::WRITE : Operation::READ;
  operation.file = &file;
  operation.part = parts.parts[0];
  operation.offset = offset;
  return wait_for_device(operation);
}

long transfer_stream(OpenFile& file, const Parts& parts, bool writes, bool nowait) {
  hold_file(file);
  long result;
  for (;;) {
    result = writes ? write_stream(file, parts) : read_stream(file, parts);
    if (result != -EAGAIN || nowait || (file.flags & O_NONBLOCK) != 0) break;
    const void* channel = writes && file.inode->kind == Kind::SOCKET ? file.inode->peer : file.inode;
    if (sleep_on(writes ? "write" : "read", channel, NEVER, true) == Wakeup::INTERRUPTED) {
      result = RESTART;
      break;
    }
  }
  let_file_go(file);
  if (result == -EPIPE && file.inode->kind == Kind::PIPE) {
    siginfo_t info{};
    info.si_code = SI_USER;
    info.si_pid = 1000;
    send_signal(self().number, SIGPIPE, info);
  }
  return result;
}

}  // namespace

long transfer(int fd, const iovec* parts, int count, std::int64_t offset, bool writes, bool has_offset, bool nowait) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return -EBADF;
  const int access = file->flags & O_ACCMODE;
  if (access != O_RDWR && (access == O_WRONLY) != writes) return -EBADF;
  if (file->inode->kind == Kind::REGULAR) return transfer_regular(*file, {parts, count}, offset, writes, nowait);
  return has_offset ? -ESPIPE : transfer_stream(*file, {parts, count}, writes, nowait);
}

long sync(int fd) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return -EBADF;
  if (file->inode->kind != Kind::REGULAR) return -EINVAL;
  Operation operation{};
  operation.kind = Operation::SYNC;
  operation.file = file;
  return wait_for_device(operation);
}

namespace {

// What is ready of them now, each with its word.
unsigned look_at_all(pollfd* entries, unsigned count, OpenFile* const* files) {
  unsigned ready = 0;
  for (unsigned i = 0; i < count; ++i) {
    entries[i].revents = 0;
    if (files[i] == nullptr) entries[i].revents = POLLNVAL;
    else if (is_ready(*files[i], (entries[i].events & POLLOUT) != 0)) entries[i].revents = entries[i].events;
    ready += entries[i].revents != 0;
  }
  return ready;
}

}  // namespace

long poll_call(pollfd* entries, unsigned count, const timespec* time, const std::uint64_t* mask) {
  constexpr std::int64_t A_WHILE = 1'000'000;  // a sleep has one channel: among several it looks again
  const std::int64_t deadline = deadline_of(time);
  const std::uint64_t saved = self().mask;
  if (mask != nullptr) change_mask(*mask);
  std::vector<OpenFile*> files;
  for (unsigned i = 0; i < count; ++i) {
    files.push_back(file_of(entries[i].fd));
    if (files[i] != nullptr) hold_file(*files[i]);
  }
  long result;
  while ((result = look_at_all(entries, count, files.data())) == 0) {
    if (deadline != NEVER && now() >= deadline) break;
    const void* channel = &result;
    std::int64_t end = deadline;
    if (count > 0) {
      const Inode* inode = files[0]->inode;
      channel = (entries[0].events & POLLOUT) != 0 && inode->kind == Kind::SOCKET ? inode->peer : inode;
    }
    if (count > 1 && (end == NEVER || end > now() + A_WHILE)) end = now() + A_WHILE;
    if (sleep_on("poll", channel, end, true) == Wakeup::INTERRUPTED) {
      result = -EINTR;
      deliver_signals();
      break;
    }
  }
  for (OpenFile* file : files) {
    if (file != nullptr) let_file_go(*file);
  }
  self().mask = saved;
  return result;
}

long control(int fd, int command, long argument) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return -EBADF;
  switch (command) {
    case F_GETFL:
      return file->flags;
    case F_GETFD:
      return FD_CLOEXEC;  // scenarios open all of theirs so
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return install(*file, static_cast<int>(argument));
    default:
      return -EINVAL;
  }
}

namespace {
constexpr mode_t MODES[] = {S_IFREG, S_IFIFO, S_IFSOCK};
}

long old_status(int fd, struct stat* answer) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return -EBADF;
  *answer = {};
  answer->st_mode = MODES[static_cast<int>(file->inode->kind)] | 0600;
  answer->st_ino = file->inode->number;
  answer->st_dev = 0x801;  // 8, 1
  return 0;
}

long status(int fd, struct statx* answer) {
  OpenFile* file = file_of(fd);
  if (file == nullptr) return -EBADF;
  *answer = {};
  answer->stx_mask = STATX_TYPE | STATX_INO | 0x4000;
  answer->stx_mode = static_cast<std::uint16_t>(MODES[static_cast<int>(file->inode->kind)] | 0600);
  answer->stx_ino = file->inode->number;
  answer->stx_dev_major = 8;
  answer->stx_dev_minor = 1;
  answer->stx_mnt_id = 77;
  return 0;
}

}  // namespace schedule
