// File operations as the library needs them: each returns bytes moved or -errno, restarts after EINTR, and is neither
// a cancellation point nor writes errno. Lengths are cut to MOST_BYTES, as read(2) and write(2) do.
#pragma once

#include <fcntl.h>

#include <cstddef>
#include <cstdint>

#include "base/expected.h"

namespace atomrt::os {

constexpr std::size_t MOST_BYTES = 0x7ffff000;  // read(2), NOTES

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

// True for file systems whose transfers wait for the machine's own storage at most (ext4, xfs, btrfs, tmpfs…); false for
// those that wait for a peer (FUSE, NFS, 9p…), for those nobody has named here, and where only the file system could say.
[[nodiscard]] bool is_on_local_storage(int fd, const FileIdentity& identity);

// At an offset, waiting for storage. offset < 0 is EINVAL, ESPIPE on a stream.
long read_at(int fd, void* buffer, std::size_t length, std::int64_t offset);
long write_at(int fd, const void* buffer, std::size_t length, std::int64_t offset);

// On a stream, waiting for the peer.
long read_next(int fd, void* buffer, std::size_t length);
long write_next(int fd, const void* buffer, std::size_t length);

// At an offset without waiting for storage (RWF_NOWAIT, Linux 4.14): -EAGAIN where it would wait, -EOPNOTSUPP where the
// file system can't tell. Never for O_DIRECT: the kernel waits for the disk there.
long read_at_now(int fd, void* buffer, std::size_t length, std::int64_t offset);
long write_at_now(int fd, const void* buffer, std::size_t length, std::int64_t offset);

// On a stream without waiting for the peer; -EAGAIN, -EOPNOTSUPP (a terminal) as above. No SIGPIPE from a socket.
long read_next_now(int fd, void* buffer, std::size_t length, bool is_socket);
long write_next_now(int fd, const void* buffer, std::size_t length, bool is_socket);

// fsync, or fdatasync. 0 or -errno.
long sync_file(int fd, bool data_only);

// Waits until the descriptor is readable (or writable), has an error or hangs up. True when so, false when the time is up.
bool wait_until_ready(int fd, bool for_writing, std::int64_t timeout_ns);

}  // namespace atomrt::os
