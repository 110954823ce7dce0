// SPDX-License-Identifier: MIT
// identity: what the kernel says of a descriptor without asking the file's storage or its server: flags, which file,
// and whether its transfers wait for this machine's own storage at most. Async-signal-safe, no cancellation points;
// errors are returned as -errno or base::Error, and errno is left alone.
#pragma once

#include <fcntl.h>

#include <cstdint>

#include "base/expected.h"

namespace atomrt::os {

// Whether the kernel moves data at an offset, or in the order of calls.
enum class FileKind : std::uint8_t { POSITIONAL, STREAM };

struct FileIdentity {
  std::uint64_t device;
  std::uint64_t inode;
  std::uint64_t mount;  // never given to another one; 0 where the kernel doesn't say (before Linux 6.8)
  FileKind kind;
  bool is_socket;
  bool is_regular;
  // Opens of one character device, and all anonymous inodes (eventfd…), share an inode without sharing data.
  bool is_shared_inode;
};

// F_GETFL: access mode, O_DIRECT, O_APPEND, O_NONBLOCK. Errors: EBADF.
base::Expected<int> status_flags(int fd);
// From the inode in memory: no file server is asked (statx(2), AT_STATX_DONT_SYNC).
base::Expected<FileIdentity> identify(int fd);

// True for file systems whose transfers wait for the machine's own storage at most (ext4, xfs, btrfs, tmpfs…); false
// for those that wait for a peer (FUSE, NFS, 9p…), for those nobody has named here, and where only the file system
// could say.
[[nodiscard]] bool is_on_local_storage(int fd, const FileIdentity& identity);

}  // namespace atomrt::os
