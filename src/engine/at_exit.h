// SPDX-License-Identifier: MIT
// at_exit: writes the statistics when the process ends, by exit or by _exit, and every so often where
// ATOMRT_STATS_INTERVAL asks for it; notes the end in the counters. Does nothing, and hooks nothing, unless
// ATOMRT_STATS or ATOMRT_COUNTERS is set.
//
// With ATOMRT_STATS or ATOMRT_VERBOSE the process that the launcher started says at its end if no request was made, by
// itself or by a child that it has forked: who looks for statistics in vain learns why.
//
// The file is opened only to be written to, and closed at once; the library's only other open is in counter_file.h.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// At the first request of a process.
void note_that_it_serves();

// For each request while statistics are on: makes the library thread of ATOMRT_STATS_INTERVAL where there is none. It
// leaves when nothing has happened for an interval.
void keep_reporting(Engine& engine);

}  // namespace atomrt::engine
