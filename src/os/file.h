// SPDX-License-Identifier: MIT
// File operations as the library needs them: each returns bytes moved or -errno, restarts after EINTR, and is neither
// a cancellation point nor writes errno. Lengths are cut to MOST_BYTES, as read(2) and write(2) do.
#pragma once

#include <fcntl.h>
#include <poll.h>

#include <cstddef>
#include <cstdint>

#include "os/identity.h"

namespace atomrt::os {

constexpr std::size_t MOST_BYTES = 0x7ffff000;  // read(2), NOTES

// At an offset, waiting for storage. offset < 0 is EINVAL, ESPIPE on a stream.
long read_at(int fd, void* buffer, std::size_t length, std::int64_t offset);
long write_at(int fd, const void* buffer, std::size_t length, std::int64_t offset);

// On a stream, waiting for the peer.
long read_next(int fd, void* buffer, std::size_t length);
long write_next(int fd, const void* buffer, std::size_t length);

// At an offset without waiting for storage (RWF_NOWAIT, Linux 4.14): -EAGAIN where it would wait, -EOPNOTSUPP where the
// file system can't tell. Never for O_DIRECT: the kernel waits for the disk there.
long read_at_now(int fd, void* buffer, std::size_t length, std::int64_t offset);
// The same for a descriptor that may have O_DIRECT: with it, -EINVAL before the disk is asked, or what is in memory.
long read_memory_at_now(int fd, void* buffer, std::size_t length, std::int64_t offset);
long write_at_now(int fd, const void* buffer, std::size_t length, std::int64_t offset);

// On a stream without waiting for the peer; -EAGAIN, -EOPNOTSUPP (a terminal) as above. No SIGPIPE from a socket.
long read_next_now(int fd, void* buffer, std::size_t length, bool is_socket);
long write_next_now(int fd, const void* buffer, std::size_t length, bool is_socket);

// What read and write look at before they cut a length above MOST_BYTES, with nothing moved: 0, EBADF, EINVAL (longer
// than SSIZE_MAX, or beyond all offsets) or EFAULT (a buffer that does not fit into the address space).
[[nodiscard]] int check_long_transfer(int fd, bool writes, void* buffer, std::size_t length, std::int64_t offset);

// fsync, or fdatasync. 0 or -errno.
long sync_file(int fd, bool data_only);

// ftruncate(2): 0 or -errno.
long cut_file(int fd, std::int64_t size);

// A terminal in non-canonical mode whose poll waits for more than a read of that length does: with VMIN 0 the read
// returns at once, or after VTIME (at most 25.5 s); with a VMIN above its length it returns when it has its bytes.
bool is_terminal_that_polls_for_more(int fd, std::size_t length);

// A socket whose reads (writes) give up with EAGAIN after a while: SO_RCVTIMEO (SO_SNDTIMEO).
bool has_timeout(int socket, bool for_writing);

// SO_RCVLOWAT of a stream socket: how many bytes a read that may wait waits for. 1: any.
std::size_t low_mark(int socket);
// Waits for all of them; fewer at the end of the stream, an error, or a timeout of the socket.
long receive_all(int socket, void* buffer, std::size_t length);

// Waits until the descriptor is readable (or writable), has an error or hangs up. True when so, false when the time is
// up.
bool wait_until_ready(int fd, bool for_writing, std::int64_t timeout_ns);
// poll(2): how many are ready, 0 when the time is up, -errno.
long poll_all(pollfd* entries, std::size_t count, std::int64_t timeout_ns);

}  // namespace atomrt::os
