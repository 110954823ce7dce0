// SPDX-License-Identifier: MIT
#include "exec/perform.h"

namespace atomrt::exec {

using chain::Operation;

namespace {

// Some files of /proc can be read at any offset, and written in sequence alone. A pipe under a number that was closed
// behind the library's back is none of them.
bool is_regular(int fd) {
  const auto identity = os::identify(fd);
  return identity && (*identity).is_regular;
}

// Its time is the kernel's to measure, in the call itself.
bool gives_up(const chain::Request& request, int fd) {
  return request.is_socket && !request.nonblocking && os::has_timeout(fd, request.operation == Operation::WRITE);
}

}  // namespace

long settle(chain::Request& request, long result) {
  if (result < 0) {
    if (result == -EAGAIN && !request.nonblocking) return NOT_READY;
    return total(request, result);
  }
  add_moved(request, static_cast<std::size_t>(result));
  const bool is_whole = request.operation == Operation::READ || request.nonblocking || bytes_left(request) == 0;
  return is_whole ? static_cast<long>(request.moved) : NOT_READY;
}

long perform(chain::Chain& chain) {
  const int fd = chain.io_fd.load(std::memory_order_acquire);
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

long attempt(chain::Request& request, int fd) {
  const long result = request.operation == Operation::READ
                          ? os::read_next_now(fd, next_byte(request), bytes_left(request), request.is_socket)
                          : os::write_next_now(fd, next_byte(request), bytes_left(request), request.is_socket);
  // ENOSYS, EPERM: a kernel before 4.16, or a seccomp filter.
  const bool refused = result == -EOPNOTSUPP || result == -ENOSYS || result == -EPERM;
  if (refused && !request.is_socket) return CANNOT_ASK;
  const long outcome = settle(request, result);
  return outcome == NOT_READY && gives_up(request, fd) ? CANNOT_ASK : outcome;
}

long perform_stream(chain::Request& request, int fd) {
  const long result = request.operation == Operation::READ
                          ? os::read_next(fd, next_byte(request), bytes_left(request))
                          : os::write_next(fd, next_byte(request), bytes_left(request));
  return gives_up(request, fd) ? total(request, result) : settle(request, result);
}

bool needs_no_peer(const chain::Request& request, int fd) {
  if (request.nonblocking || request.length == 0) return true;
  const auto flags = os::status_flags(fd);
  const int other_way = request.operation == Operation::READ ? O_WRONLY : O_RDONLY;
  if (flags && (*flags & O_ACCMODE) == other_way) return true;
  return request.operation == Operation::READ && os::is_terminal_that_waits_for_nobody(fd);
}

}  // namespace atomrt::exec
