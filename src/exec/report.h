// SPDX-License-Identifier: MIT
// report: the statistics as text for people and programs, from a snapshot of the counters. For the library, also in a
// signal handler, and for the launcher. Without stdio, and so independent of the locale.
#pragma once

#include "base/line.h"
#include "exec/counters.h"

namespace atomrt::exec {

// TEXT: a line for each number, contexts that did nothing left out. JSON: one line. PROMETHEUS: its text format.
enum class Format : std::uint8_t { TEXT, JSON, PROMETHEUS };

// Enough for the longest report of any format (tests/unit/exec/report_test.cpp).
constexpr std::size_t REPORT_BYTES = 16384;
using Report = base::Line<REPORT_BYTES>;

struct Moment {
  std::int64_t ns;              // CLOCK_MONOTONIC
  std::int64_t real_ns;         // CLOCK_REALTIME
  const char* state = nullptr;  // "running", "ended", "gone"; null: the process itself, and no state is written
};

// An earlier snapshot of the same process: the report shows rates since then.
struct Earlier {
  Snapshot snapshot;
  std::int64_t ns;  // CLOCK_MONOTONIC; 0: there is none yet
};

struct Totals {
  std::uint64_t completed, bytes, errors, cancelled;
  std::uint64_t in_flight;
};
[[nodiscard]] Totals totals_of(const Snapshot& snapshot);

// The time within which that part of the requests was complete; 0: there were none.
[[nodiscard]] std::uint64_t quantile_ns(const ContextSnapshot& context, unsigned per_mille);

// Whether anything was done there, or declined.
[[nodiscard]] bool is_used(const ContextSnapshot& context);

// Reduces the counters to what was added since `earlier`; longest_ns stays as it is.
void subtract(ContextSnapshot& context, const ContextSnapshot& earlier);

void add_report(Report& report, Format format, const Snapshot& snapshot, const Moment& now, const Earlier* earlier);

}  // namespace atomrt::exec
