// SPDX-License-Identifier: MIT
// at_exit: writes the statistics when the process ends, by exit or by _exit, and at each ATOMRT_STATS_INTERVAL; notes
// the end in the counters and the trace. Does nothing, and hooks nothing, unless ATOMRT_STATS, ATOMRT_COUNTERS,
// ATOMRT_TRACE or ATOMRT_VERBOSE is set.
//
// With ATOMRT_STATS, ATOMRT_TRACE or ATOMRT_VERBOSE, the process that the launcher started says at its end if neither
// it nor a forked child has made a request: this explains missing statistics.
//
// The file is open only while it is written to. The library's other files are in counter_file.h and trace_file.h.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// At the first request of a process.
void note_that_it_serves();

// For each request while statistics are on: makes the library thread of ATOMRT_STATS_INTERVAL where there is none. It
// leaves when nothing has happened for an interval.
void keep_reporting(Engine& engine);

}  // namespace atomrt::engine
