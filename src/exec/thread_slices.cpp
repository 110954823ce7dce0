// SPDX-License-Identifier: MIT
#include "exec/thread_slices.h"

namespace atomrt::exec {

using chain::Happening;
using chain::Phase;

std::optional<Slice> ThreadSlices::end_of(Track& track, const Key& key, std::int64_t now_ns, bool is_last) {
  Slice slice{now_ns, 1, Work::ENDS, is_last};
  if (track.submits.key == key) {
    slice.begin_ns = track.submits.begin_ns;
    slice.work = Work::SUBMITS;
    track.submits = {};
  } else if (track.runs.key == key) {
    slice.begin_ns = track.runs.begin_ns;
    slice.work = Work::RUNS;
  } else if (!is_last) {
    return std::nullopt;
  } else if (track.last == key) {
    slice.begin_ns = track.last_ns;
  }
  // A thread that takes several out of the kernel at once has begun them all: what it began before this is older.
  track.runs = {};
  if (now_ns > slice.begin_ns) slice.length_ns = now_ns - slice.begin_ns;
  return slice;
}

std::optional<Slice> ThreadSlices::add(const chain::Event& event) {
  Track& track = tracks_[event.thread % TRACKS];
  if (track.thread != event.thread) {
    track = {};
    track.thread = event.thread;
  }
  // One that was stuck in the log comes late.
  if (event.ns < track.last_ns || event.what == Happening::LIST_NOTIFIED) return std::nullopt;
  const Key key{event.block, event.submitted_ns};
  std::optional<Slice> slice;
  if (event.what == Happening::SUBMITTED) {
    track.submits = {key, event.ns};
    track.runs = {};
  } else if (event.what == Happening::MOVED) {
    const auto to = static_cast<Phase>(event.to);
    if (to == Phase::RUNNING) {
      if (track.submits.key != key && track.runs.key != key) track.runs = {key, event.ns};
    } else if (to != Phase::NONE) {  // given away, to another context or to wait there
      slice = end_of(track, key, event.ns, false);
    }
  } else if (event.what == Happening::PUBLISHED) {
    slice = end_of(track, key, event.ns, true);
  }
  track.last = key;
  track.last_ns = event.ns;
  return slice;
}

}  // namespace atomrt::exec
