// at_exit: writes the statistics when the process ends, by exit or by _exit, and every so often where
// ATOMRT_STATS_INTERVAL asks for it. Does nothing, and hooks nothing, unless ATOMRT_STATS is set.
//
// Opening the file at the end is the library's only open; the descriptor is closed at once.
#pragma once

#include "engine/engine.h"

namespace atomrt::engine {

// Appends this process's statistics to where ATOMRT_STATS says.
void report_statistics();

// For each request while statistics are on: makes the library thread of ATOMRT_STATS_INTERVAL where there is none. It
// leaves when nothing has happened for an interval.
void keep_reporting(Engine& engine);

}  // namespace atomrt::engine
