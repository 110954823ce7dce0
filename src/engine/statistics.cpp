// SPDX-License-Identifier: MIT
#include "engine/statistics.h"

#include <algorithm>
#include <cerrno>

#include "os/clock.h"
#include "os/memory.h"
#include "os/signals.h"
#include "os/system_call.h"

namespace atomrt::engine {
namespace {

using exec::ContextCounters;
using exec::Counter;
using exec::Counters;
using exec::CountersHeading;
using exec::read;

void add(Counter& counter, std::uint64_t amount = 1) { counter.fetch_add(amount, std::memory_order_relaxed); }
void set(Counter& counter, std::uint64_t value) { counter.store(value, std::memory_order_relaxed); }

void raise(Counter& counter, std::uint64_t value) {
  std::uint64_t present = read(counter);
  while (present < value && !counter.compare_exchange_weak(present, value, std::memory_order_relaxed)) {
  }
}

template <std::size_t SIZE>
void copy_text(char (&to)[SIZE], std::string_view from) {
  std::memcpy(to, from.data(), std::min(SIZE - 1, from.size()));
}

// Mapped, not on the stack: a thread that calls exit may have one of only PTHREAD_STACK_MIN.
struct ReportRoom {
  exec::Snapshot snapshot;
  exec::Report report;
};

}  // namespace

void describe_counters(Counters& counters) {
  CountersHeading& heading = counters.heading;
  heading.form = CountersHeading::FORM;
  heading.bytes = sizeof counters;
  copy_text(heading.version, ATOMRT_VERSION);
  copy_text(heading.program, program_invocation_short_name);
  heading.process = static_cast<std::uint32_t>(os::system_call(SYS_getpid));
  heading.contexts = exec::CONTEXTS;
  set(counters.since_real_ns, static_cast<std::uint64_t>(os::real_now_ns()));
  set(counters.since_ns, static_cast<std::uint64_t>(os::now_ns()));
  // Last, for readers of the file: where the magic is present, the heading is complete.
  std::atomic_thread_fence(std::memory_order_release);
  std::memcpy(heading.magic, exec::COUNTERS_MAGIC, sizeof heading.magic);
}

void Statistics::prepare() { describe_counters(own_); }

void Statistics::enable(Counters& counters) {
  if (enabled()) return;
  set(counters.since_real_ns, static_cast<std::uint64_t>(os::real_now_ns()));
  set(counters.since_ns, static_cast<std::uint64_t>(os::now_ns()));
  Counters* none = nullptr;
  present_.compare_exchange_strong(none, &counters, std::memory_order_acq_rel);
}

void Statistics::count_submitted(Counters& counters, chain::Request& request) {
  request.submitted_ns = os::now_ns();
  add(counters.requests);
  set(counters.last_ns, static_cast<std::uint64_t>(request.submitted_ns));
}

void Statistics::count_completed(Counters& all, exec::ContextId context, const chain::Request& request, long result) {
  ContextCounters& counters = all.of[static_cast<unsigned>(context)];
  add(counters.requests);
  if (result == -ECANCELED) {
    add(counters.cancelled);
  } else if (result < 0) {
    add(counters.errors);
  } else {
    add(counters.bytes, static_cast<std::uint64_t>(result));
  }
  const std::int64_t now_ns = os::now_ns();
  set(all.last_ns, static_cast<std::uint64_t>(now_ns));
  const auto since_ns = static_cast<std::int64_t>(read(all.since_ns));
  if (request.submitted_ns < since_ns || request.submitted_ns == 0) return;
  const std::int64_t ns = now_ns - request.submitted_ns;
  const std::uint64_t latency = ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
  raise(counters.longest_ns, latency);
  add(counters.latencies[exec::bin_of(latency)]);
}

void Statistics::declined(exec::ContextId context) {
  if (Counters* const counters = present()) add(counters->of[static_cast<unsigned>(context)].fallbacks);
}

void Statistics::note_threads(unsigned made) {
  if (Counters* const counters = present()) set(counters->threads, made);
}

void Statistics::note_end(unsigned threads) {
  note_threads(threads);
  if (Counters* const counters = present()) set(counters->ended_ns, static_cast<std::uint64_t>(os::now_ns()));
}

std::uint64_t Statistics::activity() const {
  const Counters* counters = present();
  if (counters == nullptr) return 0;
  std::uint64_t count = read(counters->requests);
  for (const ContextCounters& context : counters->of) count += read(context.requests);
  return count;
}

int Statistics::write_to(int fd, unsigned threads, exec::Format format, exec::Earlier* earlier) const {
  const Counters* const counters = present(std::memory_order_acquire);
  if (counters == nullptr || read(counters->requests) == 0) return 0;
  const auto memory = os::map_memory(sizeof(ReportRoom));
  if (!memory) return memory.error();
  ReportRoom& room = *static_cast<ReportRoom*>(*memory);
  exec::take_snapshot(*counters, room.snapshot);
  room.snapshot.threads = threads;
  const exec::Moment now{os::now_ns(), os::real_now_ns()};
  exec::add_report(room.report, format, room.snapshot, now, earlier);
  if (earlier != nullptr) {
    earlier->snapshot = room.snapshot;
    earlier->ns = now.ns;
  }
  const std::string_view text = room.report.view();
  const int error = os::write_quietly(fd, text.data(), text.size());
  os::unmap_memory(*memory, sizeof(ReportRoom));
  return error;
}

}  // namespace atomrt::engine
