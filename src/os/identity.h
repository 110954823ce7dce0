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
  bool is_at_offset = false;  // a STREAM whose calls take offsets all the same: a device that may wait for its peer
  bool is_disk = false;       // a block device
};

// F_GETFL: access mode, O_DIRECT, O_APPEND, O_NONBLOCK. Errors: EBADF.
// Where a seccomp filter refuses that: UNKNOWN_FLAGS, by which all that depends on them is done the slow way. F_GETFL
// itself never gives FLAGS_REFUSED.
constexpr int FLAGS_REFUSED = 1 << 30;
constexpr int UNKNOWN_FLAGS = FLAGS_REFUSED | O_RDWR | O_APPEND | O_DSYNC;
base::Expected<int> status_flags(int fd);
// From the inode in memory: no file server is asked (statx(2), AT_STATX_DONT_SYNC).
base::Expected<FileIdentity> identify(int fd);

// A regular file whose transfers the kernel still does in the order of the calls (nonseekable_open): those of tracing,
// of some file servers, and for writing some of /proc.
[[nodiscard]] bool refuses_offsets(int fd, bool for_writing);

// Whether a read that moved less than was asked for is complete: it has met the end of a regular file, or is not of a
// file or disk, where the result of one call is the result. `end`: the offset after the bytes moved.
[[nodiscard]] bool is_short_read_whole(int fd, std::int64_t end);

// What tells one file from another, asked for in the same way, and nothing else of it.
struct FileNumbers {
  std::uint64_t device;
  std::uint64_t inode;
  bool operator==(const FileNumbers&) const = default;
};
base::Expected<FileNumbers> file_numbers(int fd);

// True for file systems whose transfers wait for the machine's own storage at most (ext4, xfs, btrfs, tmpfs…); false
// for those that wait for a peer (FUSE, NFS, 9p…), for those nobody has named here, and where only the file system
// could say.
[[nodiscard]] bool is_on_local_storage(int fd, const FileIdentity& identity);

// A file of tmpfs or hugetlbfs, or a memfd.
[[nodiscard]] bool is_in_memory(int fd);

}  // namespace atomrt::os
