#include "engine/at_exit.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/message.h"
#include "os/got_hook.h"
#include "os/thread.h"

namespace atomrt::engine {
namespace {

// ATOMRT_STATS with each %p replaced by the process's number. False when it does not fit.
bool expand(const char* pattern, char (&path)[PATH_MAX]) {
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

[[noreturn]] void reported_exit(int status) {
  report_statistics();
  ::_exit(status);
}

void* run_periodic_report(void*) {
  os::name_this_thread("atomrt-stats");
  const os::FutexWord nobody_wakes{0};
  for (;;) {
    const std::int64_t interval = config().statistics_interval_s * os::NANOSECONDS_PER_SECOND;
    const std::int64_t deadline = os::now_ns() + interval;
    while (os::now_ns() < deadline) os::futex_wait_until(nobody_wakes, 0, deadline);
    report_statistics();
  }
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
  char path[PATH_MAX];
  if (!expand(target, path)) return;
  const long fd = os::system_call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    say("cannot write the statistics to %s: %s", path, std::strerror(static_cast<int>(-fd)));
    return;
  }
  present->statistics.write_to(static_cast<int>(fd), library_threads(*present));
  os::system_call(SYS_close, fd);
}

void start_periodic_report() {
  if (config().statistics == nullptr || config().statistics_interval_s == 0) return;
  if (os::start_library_thread(run_periodic_report, nullptr) != 0) say("no thread for ATOMRT_STATS_INTERVAL");
}

}  // namespace atomrt::engine
