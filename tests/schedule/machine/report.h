// SPDX-License-Identifier: MIT
// What is printed of a run: the trace, if it is wanted, and the end of a run that has shown a fault.
#pragma once

#include <cstdint>

namespace schedule {

void begin_report(const char* scenario, const char* replay, bool traces);

// Ends the process with status 1, after the message, the way to play the run again, and where every thread stands.
[[noreturn, gnu::format(printf, 1, 2)]] void fail(const char* format, ...);

// The same for a fault that involves another thread: shows where that one stood, too.
constexpr unsigned TRAIL = 10;
struct Trail {
  const void* at = nullptr;
  const void* frames[TRAIL];  // the innermost first
  std::uint8_t depth = 0;
  std::uint8_t thread = 0;  // 0: the device
};
Trail present_trail();
[[noreturn, gnu::format(printf, 2, 3)]] void fail_with_trail(const Trail& other, const char* format, ...);

// Within a run, of the running thread.
[[gnu::format(printf, 1, 2)]] void trace(const char* format, ...);
extern bool is_tracing;
void trace_event(const char* what, const void* where);
inline void trace_step(const char* what, const void* where) {
  if (is_tracing) trace_event(what, where);
}

void print_trace();

void check_sleep_with_lock(const char* what);

}  // namespace schedule
