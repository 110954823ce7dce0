// SPDX-License-Identifier: MIT
// trace: events in Chrome's trace event format, which ui.perfetto.dev, chrome://tracing and others show. A request is a
// nestable asynchronous event ("b" to "e"), identified by its aiocb and start time; its phases are such events within
// it, and its notification is one after it. The identity is the process's own ("id2"): by it viewers put requests to
// their process. A thread's track shows what it did (exec/thread_slices.h), and arrows ("s" to "f") lead from where a
// request was submitted to where it ended.
//
// The text is the format's JSON array form: what comes takes the place of its end (TRACE_END). Some versions of
// Perfetto refuse one without it, and all of them an object that is cut short.
#pragma once

#include "base/line.h"
#include "chain/events.h"
#include "exec/thread_slices.h"

namespace atomrt::exec {

// The most that one event takes (tests/unit/exec/trace_test.cpp).
constexpr std::size_t TRACE_EVENT_BYTES = 1536;
using TraceText = base::Line<64 * TRACE_EVENT_BYTES>;

// How each file begins, by which a trace is recognised.
constexpr char TRACE_MAGIC[] = "[{\"cat\":\"atomrt\"";
constexpr std::size_t TRACE_MAGIC_BYTES = sizeof TRACE_MAGIC - 1;
constexpr std::string_view TRACE_END = "\n]\n";

// How large a file may be. The default is what a browser still opens, some 120,000 requests.
constexpr std::uint64_t LEAST_TRACE_LIMIT = 1 << 16, DEFAULT_TRACE_LIMIT = 1 << 28;
constexpr std::uint64_t MOST_TRACE_LIMIT = std::uint64_t{1} << 40;
// What is kept for the last words of a file (tests/unit/exec/trace_test.cpp).
constexpr std::size_t TRACE_LAST_BYTES = 1024;

struct TraceCounts {
  std::uint64_t refused;  // requests that were not traced at all
  std::uint64_t lost;     // events of those that were
};

class TraceWriter {
 public:
  TraceWriter(TraceText& text, ThreadSlices& slices, std::uint32_t process)
      : text_(text), slices_(slices), process_(process) {}

  void begin(std::string_view program, std::int64_t now_ns, std::int64_t real_now_ns);
  void name_thread(std::uint32_t thread, std::string_view name);
  void add(const chain::Event& event);
  // Writes how much was left out so far.
  void add_counts(const TraceCounts& counts, std::int64_t now_ns);
  // From here on the file has nothing but its end.
  void add_limit(const TraceCounts& counts, std::uint64_t bytes, std::int64_t now_ns);
  void end(const TraceCounts& counts, std::int64_t now_ns);

 private:
  enum class Kind : std::uint8_t { BEGIN, INSTANT, END };

  void open(const char* phase, std::string_view name);
  void add_head(const chain::Event& event, Kind kind, std::string_view name);
  void add_request_head(const chain::Event& event, Kind kind, std::string_view prefix);
  void add_event(const chain::Event& event);
  void add_slice(const chain::Event& event, const Slice& slice);
  void add_flow(const chain::Event& event, const Slice& slice);
  void add_time(std::uint32_t thread, std::int64_t ns);
  void add_counts_of(std::string_view name, const TraceCounts& counts, std::int64_t now_ns);
  void add_result(std::int64_t result);
  void add_submitted(const chain::Event& event);
  void add_moved(const chain::Event& event);
  void add_published(const chain::Event& event);
  void add_list_notified(const chain::Event& event);
  void add_quoted(std::string_view text);
  void add_microseconds(std::int64_t ns);

  TraceText& text_;
  ThreadSlices& slices_;
  std::uint32_t process_;
};

}  // namespace atomrt::exec
