// SPDX-License-Identifier: MIT
// Config: what the environment asks for. Read once, in the library's constructor or at the first use if that comes
// earlier (another library's constructor); never under AT_SECURE. Survives fork. Errors in it are reported at the first
// request: processes without POSIX AIO need not hear of them.
#pragma once

#include <cstdint>

#include "exec/report.h"
#include "exec/ring.h"
#include "exec/trace.h"

namespace atomrt::engine {

struct Config {
  bool use_head = true;
  bool use_waiter = true;
  bool use_direct = true;
  bool use_ring = true;
  bool is_ring_forced = false;  // named explicitly: tried even where that might be dangerous (a seccomp filter)
  // Memcheck does not see what the kernel writes into shared memory, and knows neither io_uring nor the newest system
  // calls: ring and direct are not used, whatever is named.
  bool is_under_valgrind = false;
  bool use_threads = true;      // false: only for what no other context does
  bool keeps_call_order = false;  // of one descriptor and direction: ATOMRT_ORDER=calls
  unsigned ring_entries = exec::Ring::ENTRIES;
  unsigned most_threads = 0;         // 0: not set, aio_init or the default decides
  const char* statistics = nullptr;  // file, or "stderr"; null: none
  unsigned statistics_interval_s = 0;
  exec::Format statistics_format = exec::Format::TEXT;
  bool counts = false;                 // statistics, or counters, are asked for
  const char* counter_file = nullptr;  // null: none
  const char* trace = nullptr;         // file of events; null: none
  std::uint64_t trace_limit = exec::DEFAULT_TRACE_LIMIT;  // bytes of that file
  unsigned watchdog_s = 0;  // requests in flight for so long are reported; 0: none
  bool verbose = false;
  unsigned launched = 0;  // the process that the launcher started; 0: there is none
};

[[nodiscard]] const Config& config();

// After config() has been read: reports what was ignored, a line for each value; only once.
void tell_what_is_ignored();

constexpr unsigned MOST_RING_ENTRIES = 4096;
constexpr unsigned MOST_THREADS = 10000;
constexpr std::int64_t DEFAULT_IDLE_S = 1;

}  // namespace atomrt::engine
