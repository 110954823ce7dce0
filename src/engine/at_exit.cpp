#include "engine/at_exit.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/message.h"
#include "os/got_hook.h"
#include "os/memory.h"
#include "os/thread.h"

namespace atomrt::engine {
namespace {

using Path = char[PATH_MAX];

// ATOMRT_STATS with each %p replaced by the process's number. False when it does not fit.
bool expand(const char* pattern, Path& path) {
  const int pid = static_cast<int>(os::system_call(SYS_getpid));
  std::size_t length = 0;
  for (; *pattern != '\0'; ++pattern) {
    if (pattern[0] == '%' && pattern[1] == 'p') {
      const int digits = std::snprintf(path + length, sizeof path - length, "%d", pid);
      if (digits < 0) return false;
      length += static_cast<std::size_t>(digits);
      ++pattern;
    } else {
      path[length++] = *pattern;
    }
    if (length >= sizeof path - 1) return false;
  }
  path[length] = '\0';
  return true;
}

// A FIFO without a reader is refused rather than waited for.
void report_to_file(const Engine& engine, const Path& path) {
  constexpr int FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC;
  const long fd = os::system_call(SYS_openat, AT_FDCWD, path, FLAGS, 0644);
  if (fd < 0) return say("cannot write the statistics to %s: %s", path, std::strerror(static_cast<int>(-fd)));
  engine.statistics.write_to(static_cast<int>(fd), library_threads(engine));
  os::system_call(SYS_close, fd);
}

[[noreturn]] void reported_exit(int status) {
  report_statistics();
  ::_exit(status);
}

// Leaves when nothing has happened for an interval: a process whose own threads have ended would not end otherwise. A
// request that comes at that very moment is told of by the next one, or at the end.
void* run_periodic_report(void* argument) {
  os::name_this_thread("atomrt-stats");
  Engine& engine = *static_cast<Engine*>(argument);
  const os::FutexWord nobody_wakes{0};
  std::uint64_t seen, activity = 0;
  do {
    const std::int64_t interval = config().statistics_interval_s * os::NANOSECONDS_PER_SECOND;
    const std::int64_t deadline = os::now_ns() + interval;
    while (os::now_ns() < deadline) os::futex_wait_until(nobody_wakes, 0, deadline);
    report_statistics();
    seen = activity;
    activity = engine.statistics.activity();
  } while (activity != seen);
  engine.is_reporting.store(false, std::memory_order_relaxed);
  return nullptr;
}

[[gnu::constructor]] void watch_exit() {
  if (config().statistics == nullptr) return;
  const os::Replacement replacements[] = {
      {"_exit", reinterpret_cast<void*>(::_exit), reinterpret_cast<void*>(reported_exit)},
      {"_Exit", reinterpret_cast<void*>(::_Exit), reinterpret_cast<void*>(reported_exit)},
  };
  os::hook_functions(replacements, 2);
}

[[gnu::destructor]] void report_at_exit() { report_statistics(); }

}  // namespace

void report_statistics() {
  const Engine* present = own_engine();
  const char* target = config().statistics;
  if (present == nullptr || target == nullptr) return;
  if (std::strcmp(target, "stderr") == 0) {
    present->statistics.write_to(2, library_threads(*present));
    return;
  }
  const auto memory = os::map_memory(sizeof(Path));  // the thread's stack may be small
  if (!memory) return;
  Path& path = *static_cast<Path*>(*memory);
  if (expand(target, path)) report_to_file(*present, path);
  os::unmap_memory(*memory, sizeof(Path));
}

void keep_reporting(Engine& engine) {
  if (config().statistics == nullptr || config().statistics_interval_s == 0) return;
  if (engine.is_reporting.load(std::memory_order_relaxed)) return;
  if (engine.is_reporting.exchange(true, std::memory_order_relaxed)) return;
  if (os::start_library_thread(run_periodic_report, &engine) != 0) say("no thread for ATOMRT_STATS_INTERVAL");
}

}  // namespace atomrt::engine
