// SPDX-License-Identifier: MIT
// The launcher's command line.
#pragma once

#include "exec/report.h"

namespace atomrt::launcher {

constexpr int MOST_ROUNDS = 1000;  // of --compare

enum class Action { RUN, COMPARE, EXPLAIN, PENDING, STATS_OF, TOP, HELP, VERSION, PRINT_PRELOAD, DOCTOR };

struct Options {
  Action action = Action::RUN;
  const char* contexts = nullptr;     // ATOMRT_CONTEXTS; null: as the environment says
  const char* max_threads = nullptr;  // ATOMRT_MAX_THREADS, a number in range
  const char* order = nullptr;        // ATOMRT_ORDER: "calls" or "any"
  const char* statistics = nullptr;   // ATOMRT_STATS, as given: "stderr" or a file
  const char* counters = nullptr;     // ATOMRT_COUNTERS, as given: "1" or a file
  const char* trace = nullptr;        // ATOMRT_TRACE
  const char* trace_limit = nullptr;  // ATOMRT_TRACE_LIMIT, as given
  bool has_format = false;
  exec::Format format = exec::Format::TEXT;  // of STATS_OF, and ATOMRT_STATS_FORMAT
  bool is_verbose = false;            // ATOMRT_VERBOSE
  bool is_deep = false;               // the audit module too
  bool is_json = false;               // the answer as JSON, where one can be
  bool ends_with_bare_stats = false;  // the last option is --stats without a file
  int rounds = 5;                     // of COMPARE
  const char* subject = nullptr;      // of PENDING, STATS_OF and TOP: a process, or a file
  std::int64_t interval_ns = 0;       // of STATS_OF and TOP; 0: none was named
  char** program = nullptr;           // PROGRAM and its arguments
};

// False after one line on standard error.
[[nodiscard]] bool parse_options(int count, char** arguments, Options& options);

void print_help();

}  // namespace atomrt::launcher
