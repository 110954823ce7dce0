// SPDX-License-Identifier: MIT
#include "engine/statistics.h"

#include <bit>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "os/clock.h"
#include "os/memory.h"
#include "os/signals.h"
#include "os/system_call.h"

namespace atomrt::engine {
namespace {

constexpr std::uint64_t STEPS = ContextCounters::STEPS;

void add(Counter& counter, std::uint64_t amount = 1) { counter.fetch_add(amount, std::memory_order_relaxed); }
std::uint64_t read(const Counter& counter) { return counter.load(std::memory_order_relaxed); }

void raise(Counter& counter, std::uint64_t value) {
  std::uint64_t present = read(counter);
  while (present < value && !counter.compare_exchange_weak(present, value, std::memory_order_relaxed)) {
  }
}

unsigned bin_of(std::uint64_t ns) {
  if (ns < STEPS) return static_cast<unsigned>(ns);
  const unsigned power = static_cast<unsigned>(std::bit_width(ns)) - 1;
  return static_cast<unsigned>(power * STEPS + ((ns >> (power - 2)) & (STEPS - 1)));
}

std::uint64_t upper_bound_of(unsigned bin) {
  const std::uint64_t power = bin / STEPS;
  if (power < 2) return bin;
  return ((STEPS + bin % STEPS + 1) << (power - 2)) - 1;
}

std::uint64_t quantile_ns(const ContextCounters& counters, unsigned per_mille) {
  std::uint64_t total = 0;
  for (const Counter& latency : counters.latencies) total += read(latency);
  if (total == 0) return 0;
  const std::uint64_t rank = (total * per_mille + 999) / 1000;
  std::uint64_t seen = 0;
  for (unsigned bin = 0; bin < ContextCounters::BINS; ++bin) {
    seen += read(counters.latencies[bin]);
    if (seen >= rank) return upper_bound_of(bin);
  }
  return 0;
}

// Text of a fixed size: what does not fit is left out, never half a line behind the end. Not for the stack of a thread
// that calls exit: that may be as small as PTHREAD_STACK_MIN.
class Text {
 public:
  [[gnu::format(printf, 2, 3)]] void line(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(text_ + length_, sizeof text_ - length_, format, arguments);
    va_end(arguments);
    if (length > 0 && static_cast<std::size_t>(length) < sizeof text_ - length_) {
      length_ += static_cast<std::size_t>(length);
    }
  }
  // Tenths, whatever the program's locale.
  void microseconds(const char* name, const char* what, std::uint64_t ns) {
    const unsigned long long tenths = (ns + 50) / 100;
    line("%s.%s %llu.%llu\n", name, what, tenths / 10, tenths % 10);
  }
  [[nodiscard]] int write_to(int fd) const { return os::write_quietly(fd, text_, length_); }

 private:
  char text_[8192];
  std::size_t length_;  // mapped memory is zeros
};

void write_context(Text& text, const char* name, const ContextCounters& counters) {
  const auto value = [&](const char* what, const Counter& counter) {
    text.line("%s.%s %llu\n", name, what, static_cast<unsigned long long>(read(counter)));
  };
  value("requests", counters.requests);
  value("bytes", counters.bytes);
  value("errors", counters.errors);
  value("cancelled", counters.cancelled);
  value("fallbacks", counters.fallbacks);
  text.microseconds(name, "longest_wait_us", read(counters.longest_ns));
  static constexpr struct {
    const char* name;
    unsigned per_mille;
  } QUANTILES[] = {
      {"latency_us.p50", 500}, {"latency_us.p90", 900}, {"latency_us.p99", 990}, {"latency_us.p99.9", 999}};
  for (const auto& quantile : QUANTILES) {
    text.microseconds(name, quantile.name, quantile_ns(counters, quantile.per_mille));
  }
}

}  // namespace

void Statistics::enable() {
  if (enabled()) return;
  since_ns_.store(os::now_ns(), std::memory_order_relaxed);
  enabled_.store(true, std::memory_order_release);
}

void Statistics::count_submitted(chain::Request& request) {
  add(requests_);
  request.submitted_ns = os::now_ns();
}

void Statistics::count_completed(exec::ContextId context, const chain::Request& request, long result) {
  ContextCounters& counters = contexts_[static_cast<unsigned>(context)];
  add(counters.requests);
  if (result == -ECANCELED) {
    add(counters.cancelled);
  } else if (result < 0) {
    add(counters.errors);
  } else {
    add(counters.bytes, static_cast<std::uint64_t>(result));
  }
  if (request.submitted_ns < since_ns_.load(std::memory_order_relaxed) || request.submitted_ns == 0) return;
  const std::int64_t ns = os::now_ns() - request.submitted_ns;
  const std::uint64_t latency = ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
  raise(counters.longest_ns, latency);
  add(counters.latencies[bin_of(latency)]);
}

void Statistics::declined(exec::ContextId context) {
  if (enabled()) add(contexts_[static_cast<unsigned>(context)].fallbacks);
}

std::uint64_t Statistics::activity() const {
  std::uint64_t count = read(requests_);
  for (const ContextCounters& counters : contexts_) count += read(counters.requests);
  return count;
}

int Statistics::write_to(int fd, unsigned threads) const {
  if (read(requests_) == 0) return 0;
  const auto memory = os::map_memory(sizeof(Text));
  if (!memory) return memory.error();
  std::uint64_t completed = 0, errors = 0, cancelled = 0;
  for (const ContextCounters& counters : contexts_) {
    completed += read(counters.requests);
    errors += read(counters.errors);
    cancelled += read(counters.cancelled);
  }
  Text& text = *static_cast<Text*>(*memory);
  text.line("# atomrt %s statistics: %s (pid %d)\n", ATOMRT_VERSION, program_invocation_short_name,
            static_cast<int>(os::system_call(SYS_getpid)));
  text.line("requests %llu\ncompleted %llu\nerrors %llu\ncancelled %llu\n",
            static_cast<unsigned long long>(read(requests_)), static_cast<unsigned long long>(completed),
            static_cast<unsigned long long>(errors), static_cast<unsigned long long>(cancelled));
  for (unsigned i = 0; i < exec::CONTEXTS; ++i) write_context(text, exec::CONTEXT_NAMES[i], contexts_[i]);
  text.line("threads.created %u\n", threads);
  const int error = text.write_to(fd);
  os::unmap_memory(*memory, sizeof(Text));
  return error;
}

}  // namespace atomrt::engine
