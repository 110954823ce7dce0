// SPDX-License-Identifier: MIT
#include "engine/at_exit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "engine/message.h"
#include "engine/process_path.h"
#include "engine/trace_file.h"
#include "os/got_hook.h"
#include "os/memory.h"
#include "os/thread.h"

namespace atomrt::engine {
namespace {

int write_report(const Engine& engine, int fd, exec::Earlier* earlier) {
  return engine.statistics.write_to(fd, library_threads(engine), config().statistics_format, earlier);
}

// A FIFO without a reader is refused rather than waited for.
int report_to_file(const Engine& engine, const ProcessPath& path, exec::Earlier* earlier) {
  constexpr int FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC;
  const long fd = os::system_call(SYS_openat, AT_FDCWD, path, FLAGS, 0644);
  if (fd < 0) return static_cast<int>(-fd);
  const int error = write_report(engine, static_cast<int>(fd), earlier);
  os::system_call(SYS_close, fd);
  return error;
}

// Once, not at each interval, so that a server's log gets one line. A forked child does not repeat it.
void say_unreported(const char* target, int error) {
  static constinit std::atomic<bool> is_said{false};
  if (error == 0 || is_said.exchange(true, std::memory_order_relaxed)) return;
  say("cannot write the statistics to %.256s: %s", target, std::strerror(error));
}

// Points to a word shared by the process that the launcher started and its forked children: 1 once one of them has made
// a request. Null in any other process. The pointer is written at load and only read afterwards.
constinit std::atomic<int>* anyone_serves = nullptr;

void watch_whether_anyone_serves() {
  const unsigned launched = config().launched;
  if (launched == 0 || static_cast<long>(launched) != os::system_call(SYS_getpid)) return;
  void* const page = mmap(nullptr, sizeof *anyone_serves, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED) anyone_serves = static_cast<std::atomic<int>*>(page);
}

// At the end of the process, once.
void say_that_nobody_was_served() {
  if (anyone_serves == nullptr || static_cast<long>(config().launched) != os::system_call(SYS_getpid)) return;
  if (anyone_serves->exchange(1, std::memory_order_relaxed) != 0) return;
  say("%s (pid %u) made no POSIX AIO request", program_invocation_short_name, config().launched);
}

// Appends this process's statistics to the target of ATOMRT_STATS. An error is reported once.
void report_statistics(exec::Earlier* earlier) {
  const Engine* present = own_engine();
  const char* target = config().statistics;
  if (present == nullptr || target == nullptr) return;
  if (std::strcmp(target, "stderr") == 0) return say_unreported("standard error", write_report(*present, 2, earlier));
  const auto memory = os::map_memory(sizeof(ProcessPath));  // the thread's stack may be small
  if (!memory) return say_unreported(target, memory.error());
  ProcessPath& path = *static_cast<ProcessPath*>(*memory);
  if (expand(target, "", path)) {
    say_unreported(path, report_to_file(*present, path, earlier));
  } else {
    say_unreported(target, ENAMETOOLONG);
  }
  os::unmap_memory(*memory, sizeof(ProcessPath));
}

void report_end() {
  if (Engine* present = own_engine()) present->statistics.note_end(library_threads(*present));
  report_statistics(nullptr);
  end_tracing();
  say_that_nobody_was_served();
}

[[noreturn]] void reported_exit(int status) {
  report_end();
  ::_exit(status);
}

// The thread ends when nothing has happened for an interval: otherwise a process whose own threads have all ended would
// never exit. A request that comes at that very moment is reported with the next one, or at exit.
void* run_periodic_report(void* argument) {
  os::name_this_thread("atomrt-stats");
  Engine& engine = *static_cast<Engine*>(argument);
  const auto memory = os::map_memory(sizeof(exec::Earlier));
  auto* const earlier = memory ? static_cast<exec::Earlier*>(*memory) : nullptr;  // without it there are no rates
  std::uint64_t seen, activity = 0;
  do {
    os::sleep_until(os::now_ns() + config().statistics_interval_s * os::NANOSECONDS_PER_SECOND);
    report_statistics(earlier);
    seen = activity;
    activity = engine.statistics.activity();
  } while (activity != seen);
  if (earlier != nullptr) os::unmap_memory(earlier, sizeof(exec::Earlier));
  engine.is_reporting.store(false, std::memory_order_relaxed);
  return nullptr;
}

[[gnu::constructor]] void watch_exit() {
  const bool writes = config().counts || config().trace != nullptr;
  if (!writes && !config().verbose) return;
  if (config().statistics != nullptr || config().trace != nullptr || config().verbose) watch_whether_anyone_serves();
  if (!writes && anyone_serves == nullptr) return;
  const os::Replacement replacements[] = {
      {"_exit", reinterpret_cast<void*>(::_exit), reinterpret_cast<void*>(reported_exit)},
      {"_Exit", reinterpret_cast<void*>(::_Exit), reinterpret_cast<void*>(reported_exit)},
  };
  os::hook_functions(replacements, 2);
}

[[gnu::destructor]] void report_at_exit() { report_end(); }

}  // namespace

void note_that_it_serves() {
  if (anyone_serves != nullptr) anyone_serves->store(1, std::memory_order_relaxed);
}

void keep_reporting(Engine& engine) {
  if (config().statistics == nullptr || config().statistics_interval_s == 0) return;
  if (engine.is_reporting.load(std::memory_order_relaxed)) return;
  if (engine.is_reporting.exchange(true, std::memory_order_relaxed)) return;
  if (os::start_library_thread(run_periodic_report, &engine) != 0) say("no thread for ATOMRT_STATS_INTERVAL");
}

}  // namespace atomrt::engine
