// SPDX-License-Identifier: MIT
#include "chain/pending.h"

namespace atomrt::chain {

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::READ:
      return "read";
    case Operation::WRITE:
      return "write";
    case Operation::FSYNC:
      return "fsync";
    case Operation::FDATASYNC:
      return "fdatasync";
  }
  return "unknown";
}

const char* name_of(Place place) {
  switch (place) {
    case Place::FREE:
      return "free";
    case Place::MOVING:
      return "moving";
    case Place::LONE:
      return "for_waiter";
    case Place::HELD:
      return "held";
    case Place::QUEUED:
      return "queued";
    case Place::MAILED:
      return "queued_for_ring";
    case Place::BLOCKED:
      return "blocked";
    case Place::SENDING_POLL:
    case Place::ASKING:
    case Place::READY:
    case Place::POLLED:
    case Place::POLLED_APART:
    case Place::POLLED_BEGUN:
      return "polled";
    case Place::RUNNING:
      return "running";
    case Place::IN_RING:
      return "ring";
    case Place::IN_SUBMIT:
    case Place::SENDING:
    case Place::IN_AIO:
      return "kernel_aio";
    case Place::PARKED:
      return "parked";
    case Place::ENDING:
      return "ending";
  }
  return "unknown";
}

// Null where the place alone does not tell.
const char* phrase_for(const Pending& request) {
  switch (request.place) {
    case Place::LONE:
      return "left to the thread that waits for it";
    case Place::QUEUED:
      return "queued for a worker";
    case Place::MAILED:
      return "queued for the ring";
    case Place::SENDING_POLL:
    case Place::ASKING:
    case Place::READY:
    case Place::POLLED:
    case Place::POLLED_APART:
    case Place::POLLED_BEGUN:
      return "waits for its peer in kernel AIO";
    case Place::IN_RING:
      return request.is_polled ? "waits for its peer in the ring" : "in the ring";
    case Place::IN_SUBMIT:
    case Place::SENDING:
    case Place::IN_AIO:
      return "in kernel AIO";
    case Place::PARKED:
      return "done, awaits its turn";
    case Place::ENDING:
      return "done, notification due";
    case Place::HELD:
    case Place::BLOCKED:
    case Place::FREE:
    case Place::MOVING:
    case Place::RUNNING:
      return nullptr;
  }
  return nullptr;
}

void describe_place(const Pending& request, PendingLine& line) {
  if (const char* phrase = phrase_for(request)) {
    line.add(phrase);
  } else if (request.place == Place::HELD) {
    line.add("held");
    if (request.behind != 0) line.add(" behind request ").add(request.behind);
  } else if (request.place == Place::BLOCKED) {
    line.add("waits for its peer");
    if (request.is_polled) {
      line.add(" in the ring");
    } else if (request.runner != 0) {
      line.add(" in thread ").add(request.runner);
    }
  } else if (request.runner != 0) {
    line.add("runs in thread ").add(request.runner);
  } else {
    line.add(request.place == Place::RUNNING ? "runs" : "on its way");
  }
}

void describe(const Pending& request, std::int64_t now_ns, PendingLine& line) {
  line.add_seconds(now_ns - request.submitted_ns, 10).add(request.number, 9);
  line.add(" ").add(name_of(request.operation));
  for (std::size_t length = std::strlen(name_of(request.operation)); length < 9; ++length) line.add(" ");
  line.add_signed(request.fd, 7);
  if (is_sync(request.operation)) {
    line.add_right("-", 17).add_right("-", 11).add_right("-", 11);
  } else {
    line.add_signed(request.offset, 17).add(request.length, 11).add(request.moved, 11);
  }
  if (request.submitter != 0) {
    line.add(request.submitter, 9);
  } else {
    line.add_right("?", 9);
  }
  line.add_hex(request.block, 19).add("  ");
  describe_place(request, line);
  if (request.io_fd != request.fd) line.add(", closed by the program");
  line.add("; ");
}

std::uint64_t value_of(const unsigned char* slot, Field field) {
  const unsigned char* const place = slot + field.offset;
  std::uint64_t value = 0;
  if (field.size <= sizeof value) std::memcpy(&value, place, field.size);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  if (field.size > 0 && field.size < sizeof value) value >>= 8 * (sizeof value - field.size);
#endif
  return value;
}

bool decode(const Layout& layout, const unsigned char* slot, Pending& request) {
  const auto number = [&](Field field) { return static_cast<std::uint32_t>(value_of(slot, field)); };
  const std::uint64_t state = value_of(slot, layout.state);
  const auto place = static_cast<Place>(static_cast<std::uint32_t>(state));
  if (place == Place::FREE || static_cast<std::uint32_t>(state) >= PLACES) return false;
  request = {};
  request.number = number(layout.number);
  request.operation = static_cast<Operation>(number(layout.operation));
  request.place = place;
  request.fd = static_cast<int>(number(layout.fd));
  request.io_fd = static_cast<int>(number(layout.io_fd));
  request.submitter = number(layout.submitter);
  request.runner = number(layout.runner);
  request.is_polled = request.runner == RING_POLLS;
  if (request.is_polled) request.runner = 0;
  request.block = value_of(slot, layout.block);
  request.offset = static_cast<std::int64_t>(value_of(slot, layout.offset));
  request.submitted_ns = static_cast<std::int64_t>(value_of(slot, layout.submitted_ns));
  request.length = number(layout.length);
  request.moved = number(layout.moved);
  return true;
}

}  // namespace atomrt::chain
