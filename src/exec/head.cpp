// SPDX-License-Identifier: MIT
#include "exec/head.h"

#include "os/signals.h"

namespace atomrt::exec {
namespace {

using chain::Operation;
using chain::Request;

std::size_t smaller(std::size_t a, std::size_t b) { return a < b ? a : b; }

bool costs_no_budget(const Request& request) {
  return request.length <= Budget::SMALL && request.notification.by == chain::NotifyBy::NOTHING;
}

// A RWF_NOWAIT read is short if a page in the middle is not cached, and at the end of the file. What is left for a
// slower context begins after `moved`. Some devices come this way, too (TUN): one call reads one record of them.
template <typename Read>
Attempt read_cached(Request& request, Budget& budget, Read read) {
  // A range that ends beyond the largest offset is an error as a whole; a slower context returns it.
  if (request.offset > INT64_MAX - static_cast<std::int64_t>(request.length)) return Outcome::DECLINED;
  const bool is_free = costs_no_budget(request);
  for (;;) {
    const std::size_t length = smaller(bytes_left(request), is_free ? Budget::SMALL : budget.left());
    if (length == 0 && bytes_left(request) != 0) {
      request.is_modest = budget.served() == request.fd;  // only the budget stops it
      return Outcome::DECLINED;
    }
    const long result = read(request.fd, next_byte(request), length, next_offset(request));
    if (result < 0) {
      request.refuses_nowait = result == -EOPNOTSUPP;
      if (result == -ESPIPE) return Outcome::IS_STREAM;
      return result == -EINVAL ? Outcome::UNEXAMINED : Outcome::DECLINED;
    }
    request.moved += static_cast<std::uint32_t>(result);
    budget.spend(is_free ? 0 : static_cast<std::size_t>(result), request.fd);
    const bool is_short = static_cast<std::size_t>(result) < length;
    const bool is_whole = result == 0 || bytes_left(request) == 0 ||
                          (is_short && os::is_short_read_whole(request.fd, next_offset(request)));
    if (is_whole) return Attempt::done(static_cast<long>(request.moved));
  }
}

Attempt write_cached(Request& request, Budget& budget, Devices& refusing, const os::FileIdentity& identity) {
  const std::size_t length = smaller(bytes_left(request), budget.left());
  if (length == 0 || refusing.contains(identity.device)) return Outcome::DECLINED;
  long result;
  {
    os::WriteSignalGuard guard;
    result = os::write_at_now(request.fd, next_byte(request), length, next_offset(request));
    guard.absorb(result);
  }
  if (result == -EOPNOTSUPP) refusing.add(identity.device);
  if (result < 0) return Outcome::DECLINED;  // a slower context finds the true error
  request.moved += static_cast<std::uint32_t>(result);
  budget.spend(static_cast<std::size_t>(result), request.fd);
  return bytes_left(request) == 0 ? Attempt::done(static_cast<long>(request.moved)) : Outcome::DECLINED;
}

Attempt try_guarded(Request& request) {
  if (request.operation == Operation::READ || request.is_socket) return attempt(request, request.fd);
  os::WriteSignalGuard guard;
  const Attempt tried = attempt(request, request.fd);
  if (tried.is_done()) guard.absorb(tried.result);
  return tried;
}

}  // namespace

bool needs_kind(const Request& request, const Budget& budget) {
  return bytes_left(request) > budget.left() && !costs_no_budget(request);
}

void note_flags(Request& request, int flags) {
  request.are_flags_guessed = false;
  request.direct = (flags & O_DIRECT) != 0;
  request.append = (flags & O_APPEND) != 0;
  request.flags_unknown = (flags & os::FLAGS_REFUSED) != 0;
  // If the flags are unknown, a worker calls read(2) or write(2), which may wait: their result is the request's.
  request.nonblocking = (flags & O_NONBLOCK) != 0 || request.flags_unknown;
}

int examine(Request& request, Descriptor& descriptor) {
  if (!descriptor.is_identified) {
    const auto flags = os::status_flags(request.fd);
    if (!flags) return flags.error();
    descriptor.flags = *flags;
  }
  note_flags(request, descriptor.flags);
  return 0;
}

int identify(Request& request, Descriptor& descriptor) {
  if (!descriptor.is_identified) {
    const auto identity = os::identify(request.fd);
    if (!identity) return identity.error();
    descriptor.identity = *identity;
    descriptor.is_identified = true;
  }
  request.kind = descriptor.identity.kind;
  request.is_at_offset = descriptor.identity.is_at_offset;
  request.is_disk = descriptor.identity.is_disk;
  request.is_socket = descriptor.identity.is_socket;
  return 0;
}

Attempt read_in_head(Request& request, Budget& budget) {
  if (request.direct || request.flags_unknown || request.offset < 0 || request.length == 0) return Outcome::DECLINED;
  const Attempt read = read_cached(request, budget, os::read_at_now);
  return read.outcome == Outcome::UNEXAMINED ? Outcome::DECLINED : read;
}

Attempt read_unexamined_in_head(Request& request, Budget& budget) {
  // For 0 bytes the kernel returns 0 whatever the file is; only the plain call reaches the file (eventfd: EINVAL).
  if (request.offset < 0 || request.length == 0 || needs_kind(request, budget)) return Outcome::UNEXAMINED;
  return read_cached(request, budget, os::read_memory_at_now);
}

Attempt write_in_head(Request& request, const Descriptor& descriptor, Budget& budget, Devices& refusing) {
  const bool waits_for_disk = request.direct || (descriptor.flags & O_DSYNC) != 0;  // O_SYNC contains O_DSYNC
  if (waits_for_disk || request.append || request.offset < 0) return Outcome::DECLINED;
  return write_cached(request, budget, refusing, descriptor.identity);
}

Attempt stream_in_head(Request& request, Budget& budget) {
  // A shorter read would be a final result: a transfer beyond the budget goes to a slower context as a whole.
  if (bytes_left(request) > budget.left()) return Outcome::DECLINED;
  budget.spend(bytes_left(request), request.fd);
  const Attempt tried = try_guarded(request);
  request.was_not_ready = tried.outcome == Outcome::NOT_READY;
  return tried.is_done() ? tried : Outcome::DECLINED;
}

}  // namespace atomrt::exec
