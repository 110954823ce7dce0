// SPDX-License-Identifier: MIT
// ThreadSlices: what each thread did, as slices of its time: it submitted a request, ran one, or only ended it. They do
// not overlap, but what a thread runs or ends while it submits another request lies within that slice. Found from the
// events, as they are taken out of the log: in order for each thread.
//
// All-zero memory is the initial state. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "chain/events.h"

namespace atomrt::exec {

enum class Work : std::uint8_t { SUBMITS, RUNS, ENDS };

struct Slice {
  std::int64_t begin_ns;
  std::int64_t length_ns;  // at least 1: viewers leave out what has none
  Work work;
  bool is_last;  // the request is over
};

class ThreadSlices {
 public:
  // A slice that this event, of its request and thread, has ended.
  [[nodiscard]] std::optional<Slice> add(const chain::Event& event);

 private:
  struct Key {
    std::uint64_t block;
    std::int64_t submitted_ns;
    bool operator==(const Key&) const = default;
  };
  struct Doing {
    Key key;  // zero: nothing
    std::int64_t begin_ns;
  };
  struct Track {
    std::uint32_t thread;
    Doing submits;
    Doing runs;           // perhaps while it submits another
    Key last;             // of its last event
    std::int64_t last_ns;
  };
  // Two threads whose numbers differ by a multiple of that take each other's place: each loses a slice then.
  static constexpr std::uint32_t TRACKS = 512;

  static std::optional<Slice> end_of(Track& track, const Key& key, std::int64_t now_ns, bool is_last);

  Track tracks_[TRACKS];
};

}  // namespace atomrt::exec
