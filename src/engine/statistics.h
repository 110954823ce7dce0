// SPDX-License-Identifier: MIT
// Statistics: what each context did. Counted only when asked for (ATOMRT_STATS, atomrt_enable_statistics): relaxed
// atomics, written by any thread, read whenever the text is written.
#pragma once

#include <atomic>
#include <cstdint>

#include "chain/request.h"
#include "exec/context.h"

namespace atomrt::engine {

using Counter = std::atomic<std::uint64_t>;

struct ContextCounters {
  // Latencies by power of two of nanoseconds, each parted in four: quantiles are at most 25 % too high.
  static constexpr unsigned STEPS = 4;
  static constexpr unsigned BINS = 64 * STEPS;

  Counter requests, bytes, errors, cancelled, fallbacks, longest_ns;
  Counter latencies[BINS];
};

class Statistics {
 public:
  void enable();
  [[nodiscard]] bool enabled() const { return enabled_.load(std::memory_order_relaxed); }

  void submitted(chain::Request& request) {
    if (enabled()) count_submitted(request);
  }
  void completed(exec::ContextId context, const chain::Request& request, long result) {
    if (enabled()) count_completed(context, request, result);
  }
  void declined(exec::ContextId context);

  // Changes with each request that is made, and with each that is over.
  [[nodiscard]] std::uint64_t activity() const;

  // Writes the text to fd in one write(2), unless no request was made. threads: library threads made so far. Returns 0
  // or an errno.
  [[nodiscard]] int write_to(int fd, unsigned threads) const;

 private:
  void count_submitted(chain::Request& request);
  void count_completed(exec::ContextId context, const chain::Request& request, long result);

  std::atomic<bool> enabled_;
  std::atomic<std::int64_t> since_ns_;  // when it was enabled: what was submitted before has no exact time
  Counter requests_;
  ContextCounters contexts_[exec::CONTEXTS];
};

}  // namespace atomrt::engine
