// SPDX-License-Identifier: MIT
// The launcher's command line.
#pragma once

namespace atomrt::launcher {

constexpr int MOST_ROUNDS = 1000;  // of --compare

enum class Action { RUN, COMPARE, EXPLAIN, PENDING, HELP, VERSION, PRINT_PRELOAD, DOCTOR };

struct Options {
  Action action = Action::RUN;
  const char* contexts = nullptr;     // ATOMRT_CONTEXTS; null: as the environment says
  const char* max_threads = nullptr;  // ATOMRT_MAX_THREADS, a number in range
  const char* order = nullptr;        // ATOMRT_ORDER: "calls" or "any"
  const char* statistics = nullptr;   // ATOMRT_STATS, as given: "stderr" or a file
  bool is_verbose = false;            // ATOMRT_VERBOSE
  bool is_deep = false;               // the audit module too
  bool is_json = false;               // the answer of COMPARE, EXPLAIN and PENDING as JSON
  bool ends_with_bare_stats = false;  // the last option is --stats without a file
  int rounds = 5;                     // of COMPARE
  const char* pid = nullptr;          // of PENDING
  char** program = nullptr;           // PROGRAM and its arguments
};

// False after one line on standard error.
[[nodiscard]] bool parse_options(int count, char** arguments, Options& options);

void print_help();

}  // namespace atomrt::launcher
