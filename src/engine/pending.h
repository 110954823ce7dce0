// SPDX-License-Identifier: MIT
// pending: what is in flight, for people: which request hangs, and where. Takes no lock, stops nobody, allocates
// nothing but a mapping for the time of the call; async-signal-safe. See chain/pending.h for how it can look so.
#pragma once

#include <cstdint>

#include "chain/pending.h"

namespace atomrt::engine {

// Which requests are shown, and why.
struct Due {
  std::int64_t least_ns = 0;      // as old as that; 0: all
  std::int64_t last_look_ns = 0;  // and not shown at that moment already, nor since their age has doubled
};

[[nodiscard]] bool is_due(const chain::Pending& request, const Due& due, std::int64_t now_ns);

// What the requests of this process look like to others.
[[nodiscard]] const chain::Layout& pending_layout();

struct Written {
  int error;              // 0 or an errno
  std::uint32_t pending;  // requests in flight, due or not
};
// Writes a heading and a line for each request that is due, the oldest first. With an age: nothing where none is due.
Written write_pending(int fd, const Due& due);

}  // namespace atomrt::engine
