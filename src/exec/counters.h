// SPDX-License-Identifier: MIT
// Counters: what each context did, in a layout that the launcher can read while it is written, from this process's
// memory or from a file (ATOMRT_COUNTERS). So it is self-describing, holds no pointer, and is the same for both word
// sizes.
//
// The numbers are relaxed atomics, written by any thread: each is right by itself, but related ones may be some
// requests apart. The heading is written before anybody can see the counters.
//
// FORM rises when a field changes its place or its meaning.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "exec/context.h"

namespace atomrt::exec {

// Latencies by power of two of nanoseconds, each divided in four: quantiles are at most 25 % too high.
constexpr unsigned LATENCY_STEPS = 4;
constexpr unsigned LATENCY_BINS = 64 * LATENCY_STEPS;

[[nodiscard]] inline unsigned bin_of(std::uint64_t ns) {
  if (ns < LATENCY_STEPS) return static_cast<unsigned>(ns);
  const unsigned power = static_cast<unsigned>(std::bit_width(ns)) - 1;
  return power * LATENCY_STEPS + (static_cast<unsigned>(ns >> (power - 2)) & (LATENCY_STEPS - 1));
}
[[nodiscard]] inline std::uint64_t upper_bound_of(unsigned bin) {
  const unsigned power = bin / LATENCY_STEPS;
  if (power < 2) return bin;
  return (std::uint64_t{LATENCY_STEPS + bin % LATENCY_STEPS + 1} << (power - 2)) - 1;
}

template <typename Number>
struct ContextCountersOf {
  alignas(8) Number requests;  // completed there
  alignas(8) Number bytes;
  alignas(8) Number errors;
  alignas(8) Number cancelled;
  alignas(8) Number fallbacks;
  alignas(8) Number longest_ns;
  alignas(8) Number latencies[LATENCY_BINS];
};

// Not a member: where its address is taken, a member would become a symbol of the archive.
constexpr char COUNTERS_MAGIC[8] = "atomrt#";

struct CountersHeading {
  static constexpr std::uint32_t FORM = 1;

  char magic[8];
  std::uint32_t form;
  std::uint32_t bytes;  // of all of it
  char version[16];     // of the library
  char program[64];
  std::uint32_t process;
  std::uint32_t contexts;

  [[nodiscard]] bool is_ours() const { return std::memcmp(magic, COUNTERS_MAGIC, sizeof magic) == 0; }
};

template <typename Number>
struct CountersOf {
  CountersHeading heading;
  alignas(8) Number since_ns;       // CLOCK_MONOTONIC when counting began; earlier requests have no latency
  alignas(8) Number since_real_ns;  // and CLOCK_REALTIME
  alignas(8) Number ended_ns;       // CLOCK_MONOTONIC at the process's exit; 0: not yet, or it was killed
  alignas(8) Number threads;        // of the library, made so far
  alignas(8) Number requests;       // submitted
  alignas(8) Number last_ns;        // CLOCK_MONOTONIC of the last submission or completion
  ContextCountersOf<Number> of[CONTEXTS];
};

using Counter = std::atomic<std::uint64_t>;
using ContextCounters = ContextCountersOf<Counter>;
using Counters = CountersOf<Counter>;
// A copy of the counters at one time.
using ContextSnapshot = ContextCountersOf<std::uint64_t>;
using Snapshot = CountersOf<std::uint64_t>;
static_assert(sizeof(Counters) == sizeof(Snapshot) && offsetof(Counters, of) == offsetof(Snapshot, of));
static_assert(sizeof(Counters) == 152 + CONTEXTS * (6 + LATENCY_BINS) * 8);

// For a snapshot that was read from another process or a file.
[[nodiscard]] inline bool is_of_this_form(const Snapshot& snapshot) {
  const CountersHeading& heading = snapshot.heading;
  return heading.is_ours() && heading.form == CountersHeading::FORM && heading.bytes == sizeof(Counters) &&
         heading.contexts == CONTEXTS;
}

[[nodiscard]] inline std::uint64_t read(const Counter& counter) { return counter.load(std::memory_order_relaxed); }

inline void take_snapshot(const ContextCounters& from, ContextSnapshot& to) {
  to.requests = read(from.requests);
  to.bytes = read(from.bytes);
  to.errors = read(from.errors);
  to.cancelled = read(from.cancelled);
  to.fallbacks = read(from.fallbacks);
  to.longest_ns = read(from.longest_ns);
  for (unsigned bin = 0; bin < LATENCY_BINS; ++bin) to.latencies[bin] = read(from.latencies[bin]);
}

// Completions are read before submissions, so that the snapshot never has more completed than submitted.
inline void take_snapshot(const Counters& from, Snapshot& to) {
  to.heading = from.heading;
  to.since_ns = read(from.since_ns);
  to.since_real_ns = read(from.since_real_ns);
  for (unsigned context = 0; context < CONTEXTS; ++context) take_snapshot(from.of[context], to.of[context]);
  to.requests = read(from.requests);
  to.last_ns = read(from.last_ns);
  to.threads = read(from.threads);
  to.ended_ns = read(from.ended_ns);
}

}  // namespace atomrt::exec
