// SPDX-License-Identifier: MIT
// pending: lists the requests in flight for people: which one hangs, and where. Takes no lock, stops no thread,
// allocates only a mapping for the duration of the call; async-signal-safe. chain/pending.h says why that is possible.
#pragma once

#include <cstdint>

#include "chain/pending.h"

namespace atomrt::engine {

// Which requests are shown, and why.
struct Due {
  std::int64_t least_ns = 0;      // at least so old; 0: all
  std::int64_t last_look_ns = 0;  // and whose age has reached least_ns, or doubled from there, since that moment
};

[[nodiscard]] bool is_due(const chain::Pending& request, const Due& due, std::int64_t now_ns);

// How other processes find this one's requests.
[[nodiscard]] const chain::Layout& pending_layout();

struct Written {
  int error;              // 0 or an errno
  std::uint32_t pending;  // requests in flight, due or not
};
// Writes a heading and a line for each request that is due, the oldest first. With least_ns: nothing if none is due.
Written write_pending(int fd, const Due& due);

}  // namespace atomrt::engine
