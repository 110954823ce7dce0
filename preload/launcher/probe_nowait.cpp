// SPDX-License-Identifier: MIT
#include "launcher/probe_nowait.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "launcher/path.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 0x00000008
#endif

namespace atomrt::launcher {
namespace {

char block[4096];

struct FileSystem {
  unsigned long magic;  // statfs(2)
  const char* name;
};

constexpr FileSystem FILE_SYSTEMS[] = {
    {0xEF53, "ext4"},          {0x58465342, "xfs"},   {0x9123683E, "btrfs"}, {0x01021994, "tmpfs"},
    {0x794C7630, "overlayfs"}, {0x6969, "nfs"},       {0x65735546, "fuse"},  {0x2FC12FC1, "zfs"},
    {0xF2F52010, "f2fs"},      {0x858458F6, "ramfs"}, {0x01021997, "9p"},    {0xFF534D42, "cifs"},
    {0xCA451A4E, "bcachefs"},
};

const char* file_system_of(int fd) {
  struct statfs status {};
  if (fstatfs(fd, &status) != 0) return "?";
  const auto magic = static_cast<unsigned long>(status.f_type) & 0xFFFFFFFFUL;
  for (const FileSystem& known : FILE_SYSTEMS) {
    if (known.magic == magic) return known.name;
  }
  static char number[24];
  std::snprintf(number, sizeof number, "0x%lx", magic);
  return number;
}

int open_unnamed(const char* folder) {
  const int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  Path path;  // NFS and FUSE know no O_TMPFILE
  if (!path.join(folder, "/.atomrt-doctor.XXXXXX")) {
    errno = ENAMETOOLONG;
    return -1;
  }
  char name[PATH_MAX];
  std::snprintf(name, sizeof name, "%s", path.c_str());
  const int named = mkostemp(name, O_CLOEXEC);
  if (named >= 0) unlink(name);
  return named;
}

int write_now(int fd, off_t offset) {
  const iovec vector{block, sizeof block};
  return pwritev2(fd, &vector, 1, offset, RWF_NOWAIT) < 0 ? errno : 0;
}

int read_now(int fd, off_t offset) {
  const iovec vector{block, sizeof block};
  return preadv2(fd, &vector, 1, offset, RWF_NOWAIT) < 0 ? errno : 0;
}

// Writes into an empty stream, waiting only where it cannot do without, and reads it back.
NowaitResult probe_stream(int read_end, int write_end) {
  NowaitResult result;
  result.kind = "stream";
  result.write_error = write_now(write_end, -1);
  if (result.write_error != 0 && write(write_end, block, sizeof block) < 0) result.open_error = errno;
  if (result.open_error == 0) result.read_error = read_now(read_end, -1);
  close(read_end);
  close(write_end);
  return result;
}

}  // namespace

NowaitResult probe_nowait_folder(const char* folder) {
  NowaitResult result;
  const int fd = open_unnamed(folder);
  if (fd < 0 || pwrite(fd, block, sizeof block, 0) < 0) {
    result.open_error = errno;
  } else {
    result.kind = file_system_of(fd);
    result.read_error = read_now(fd, 0);
    result.write_error = write_now(fd, 0);
  }
  if (fd >= 0) close(fd);
  return result;
}

NowaitResult probe_nowait_file(const char* file) {
  NowaitResult result;
  const int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || pread(fd, block, sizeof block, 0) < 0) {
    result.open_error = errno;
  } else {
    result.kind = file_system_of(fd);
    result.read_error = read_now(fd, 0);
  }
  if (fd >= 0) close(fd);
  return result;
}

NowaitResult probe_nowait_pipe() {
  int ends[2];
  NowaitResult result;
  if (pipe2(ends, O_CLOEXEC) == 0) {
    result = probe_stream(ends[0], ends[1]);
  } else {
    result.open_error = errno;
  }
  return result;
}

NowaitResult probe_nowait_socket() {
  int ends[2];
  NowaitResult result;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0) {
    result = probe_stream(ends[0], ends[1]);
  } else {
    result.open_error = errno;
  }
  return result;
}

}  // namespace atomrt::launcher
