// SPDX-License-Identifier: MIT
#include "exec/perform.h"

#include "os/system_call.h"

namespace atomrt::exec {

using chain::Operation;

namespace {

// Some files of /proc can be read at any offset, but written in sequence only. A pipe that got the number of a
// descriptor whose close escaped the library is none of them.
bool is_regular(int fd) {
  const auto identity = os::identify(fd);
  return identity && (*identity).is_regular;
}

}  // namespace

bool gives_up(const chain::Request& request, int fd) {
  return request.is_socket && !request.nonblocking && os::has_timeout(fd, request.operation == Operation::WRITE);
}

namespace {

// The next part of the transfer, by a call that does not wait, or that may.
long move_now(const chain::Request& request, int fd) {
  const bool reads = request.operation == Operation::READ;
  void* const next = next_byte(request);
  const std::size_t left = bytes_left(request);
  if (request.is_at_offset) {
    if (request.offset < 0) return -EINVAL;
    return reads ? os::read_at_now(fd, next, left, next_offset(request))
                 : os::write_at_now(fd, next, left, next_offset(request));
  }
  return reads ? os::read_next_now(fd, next, left, request.is_socket)
               : os::write_next_now(fd, next, left, request.is_socket);
}

long move(const chain::Request& request, int fd) {
  const bool reads = request.operation == Operation::READ;
  void* const next = next_byte(request);
  const std::size_t left = bytes_left(request);
  if (request.is_at_offset) {
    const std::int64_t offset = next_offset(request);
    return reads ? os::read_at(fd, next, left, offset) : os::write_at(fd, next, left, offset);
  }
  return reads ? os::read_next(fd, next, left) : os::write_next(fd, next, left);
}

// How many bytes a blocking read of a socket still waits for (SO_RCVLOWAT), as calls that don't wait ignore that mark.
// 0: any byte will do.
std::size_t bytes_missing(const chain::Request& request, int fd) {
  if (!request.is_socket || request.nonblocking || request.operation != Operation::READ) return 0;
  const std::size_t mark = os::low_mark(fd);
  const std::size_t wanted = mark < request.length ? mark : request.length;
  return wanted > request.moved ? wanted - request.moved : 0;
}

// poll applies the mark as if nothing had been read yet, so it can't be used: the call itself waits.
Attempt fill_up_to_mark(chain::Request& request, int fd) {
  while (const std::size_t missing = bytes_missing(request, fd)) {
    const long result = os::receive_all(fd, next_byte(request), missing);
    if (result <= 0) return Attempt::done(total(request, result));
    add_moved(request, static_cast<std::size_t>(result));
  }
  if (bytes_left(request) == 0) return Attempt::done(static_cast<long>(request.moved));
  const long rest = move_now(request, fd);
  return Attempt::done(total(request, rest < 0 ? 0 : rest));
}

// Whether the result of one plain call is the request's: then EAGAIN, of a device or server, is an error like any
// other.
bool is_decided_by_call(const chain::Request& request) { return request.is_at_offset || request.is_by_call; }

}  // namespace

Attempt settle(chain::Request& request, long result) {
  if (result < 0) {
    if (result == -EAGAIN && !request.nonblocking) return Outcome::NOT_READY;
    return Attempt::done(total(request, result));
  }
  add_moved(request, static_cast<std::size_t>(result));
  const bool is_whole = request.operation == Operation::READ || request.nonblocking || request.is_at_offset ||
                        bytes_left(request) == 0;
  return is_whole ? Attempt::done(static_cast<long>(request.moved)) : Outcome::NOT_READY;
}

long perform(chain::Chain& chain) {
  const int fd = descriptor_of(chain);
  switch (chain.operation) {
    case Operation::READ:
      return total(chain, os::read_at(fd, next_byte(chain), bytes_left(chain), next_offset(chain)));
    case Operation::WRITE: {
      const long result = os::write_at(fd, next_byte(chain), bytes_left(chain), next_offset(chain));
      if (result != -ESPIPE || chain.moved > 0 || !is_regular(fd)) return total(chain, result);
      return os::write_next(fd, next_byte(chain), bytes_left(chain));
    }
    case Operation::FSYNC:
    case Operation::FDATASYNC:
      return os::sync_file(fd, chain.operation == Operation::FDATASYNC);
  }
  return -EINVAL;
}

Attempt attempt(chain::Request& request, int fd) {
  const bool is_below_mark = request.operation == Operation::READ && request.moved > 0;
  const bool is_empty = request.length == 0 && !request.is_socket;  // the kernel would return 0 without asking the file
  if (request.flags_unknown || request.is_by_call || is_below_mark || is_empty) return Outcome::CANNOT_ASK;
  const long result = move_now(request, fd);
  // A kernel before 4.16, or a seccomp filter; if the file itself refuses, the plain call returns that, too.
  if (result == -EOPNOTSUPP || os::is_refused(result)) return Outcome::CANNOT_ASK;
  const Attempt settled = settle(request, result);
  if (result > 0 && bytes_left(request) != 0 && bytes_missing(request, fd) != 0) return Outcome::CANNOT_ASK;
  return settled.outcome == Outcome::NOT_READY && gives_up(request, fd) ? Outcome::CANNOT_ASK : settled;
}

Attempt perform_stream(chain::Request& request, int fd) {
  if (request.operation == Operation::READ && request.moved > 0) return fill_up_to_mark(request, fd);
  const long result = move(request, fd);
  const bool is_final = is_decided_by_call(request) || gives_up(request, fd);
  return is_final ? Attempt::done(total(request, result)) : settle(request, result);
}

bool needs_no_peer(const chain::Request& request, int fd) {
  if (request.nonblocking || request.length == 0) return true;
  // For writes to devices poll may be useless: /dev/kmsg takes all that is written, but poll never reports POLLOUT.
  if (is_decided_by_call(request) && request.operation == Operation::WRITE) return true;
  const auto flags = os::status_flags(fd);
  const int other_way = request.operation == Operation::READ ? O_WRONLY : O_RDONLY;
  if (flags && (*flags & O_ACCMODE) == other_way) return true;
  return request.operation == Operation::READ && os::is_terminal_that_polls_for_more(fd, request.length);
}

}  // namespace atomrt::exec
