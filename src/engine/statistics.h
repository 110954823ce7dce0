// SPDX-License-Identifier: MIT
// Statistics: counts what each context did, only when asked for (ATOMRT_STATS, ATOMRT_COUNTERS,
// atomrt_enable_statistics), and writes it. The counters are the engine's, or lie in a file (counter_file.h).
#pragma once

#include <cstddef>

#include "chain/request.h"
#include "exec/report.h"

namespace atomrt::engine {

class Statistics {
 public:
  // Called first, by the thread that starts the engine: fills in the heading of the counters.
  void prepare();
  // Starts counting: in its own counters, or in others that are prepared in the same way. Does nothing if it counts
  // already.
  void enable() { enable(own_); }
  void enable(exec::Counters& counters);
  [[nodiscard]] bool enabled() const { return present() != nullptr; }

  // The pointer is read once: a handler may fork in between, and in the child it is null.
  void submitted(chain::Request& request) {
    if (exec::Counters* const counters = present()) count_submitted(*counters, request);
  }
  void completed(exec::ContextId context, const chain::Request& request, long result) {
    if (exec::Counters* const counters = present()) count_completed(*counters, context, request, result);
  }
  void declined(exec::ContextId context);
  void note_threads(unsigned made);
  // The process is about to end.
  void note_end(unsigned threads);

  // Changes with each request that is made, and with each that is over.
  [[nodiscard]] std::uint64_t activity() const;

  // Writes them to fd in one write(2), unless no request was made. threads: library threads made so far. earlier: what
  // was written last, for the rates since then; becomes what is written now. Returns 0 or an errno. Async-signal-safe.
  [[nodiscard]] int write_to(int fd, unsigned threads, exec::Format format = exec::Format::TEXT,
                             exec::Earlier* earlier = nullptr) const;

  // The offset of the pointer to the counters, for the launcher (chain/pending.h).
  static constexpr std::size_t place_of_present();

 private:
  static void count_submitted(exec::Counters& counters, chain::Request& request);
  static void count_completed(exec::Counters& counters, exec::ContextId context, const chain::Request& request,
                              long result);
  // Counting needs no order: it touches only atomics. A reader of the heading acquires what enable released.
  [[nodiscard]] exec::Counters* present(std::memory_order order = std::memory_order_relaxed) const {
    return present_.load(order);
  }

  std::atomic<exec::Counters*> present_;  // null: nothing is counted; stored once, by compare-exchange
  exec::Counters own_;
};

constexpr std::size_t Statistics::place_of_present() { return offsetof(Statistics, present_); }

// Fills in the heading of this process's counters; the numbers stay 0.
void describe_counters(exec::Counters& counters);

}  // namespace atomrt::engine
