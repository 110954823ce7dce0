// SPDX-License-Identifier: MIT
#include "engine/watchdog.h"

#include <algorithm>

#include "engine/message.h"
#include "engine/pending.h"
#include "os/futex.h"
#include "os/thread.h"

namespace atomrt::engine {
namespace {

constexpr std::int64_t SOONEST_NS = 100'000'000;
constexpr std::int64_t LATEST_NS = 5'000'000'000;

// A report is at most a quarter of the time late.
std::int64_t pause_of(std::int64_t least_ns) { return std::clamp(least_ns / 4, SOONEST_NS, LATEST_NS); }

// False: nothing is in flight, and the thread may leave.
bool goes_on(Engine& engine, const Written& found) {
  if (found.pending != 0) return true;
  engine.is_watching.store(false, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (write_pending(2, {.least_ns = INT64_MAX / 4}).pending == 0) return false;
  return !engine.is_watching.exchange(true, std::memory_order_seq_cst);
}

void* watch(void* argument) {
  os::name_this_thread("atomrt-watchdog");
  Engine& engine = *static_cast<Engine*>(argument);
  const std::int64_t least_ns = config().watchdog_s * os::NANOSECONDS_PER_SECOND;
  Due due{least_ns, os::now_ns()};
  for (Written found{0, 1}; goes_on(engine, found);) {
    os::sleep_until(os::now_ns() + pause_of(least_ns));
    const std::int64_t now_ns = os::now_ns();
    found = write_pending(2, due);
    due.last_look_ns = now_ns;
  }
  return nullptr;
}

}  // namespace

void keep_watch(Engine& engine) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (engine.is_watching.load(std::memory_order_seq_cst)) return;
  if (engine.is_watching.exchange(true, std::memory_order_seq_cst)) return;
  if (os::start_library_thread(watch, &engine) == 0) return;
  engine.is_watching.store(false, std::memory_order_seq_cst);
  say("no thread for ATOMRT_WATCHDOG");
}

}  // namespace atomrt::engine
