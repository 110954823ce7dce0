// SPDX-License-Identifier: MIT
#include "engine/trace_file.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "chain/probes.h"
#include "engine/message.h"
#include "engine/process_path.h"
#include "exec/trace.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/futex.h"
#include "os/identity.h"
#include "os/memory.h"
#include "os/mutex.h"
#include "os/shared_file.h"
#include "os/signals.h"
#include "os/system_call.h"
#include "os/thread.h"

namespace atomrt::engine {
namespace {

constexpr std::int64_t INTERVAL_NS = 50'000'000;
// The thread leaves after so many rounds without an event; later if requests are in flight, as they will end.
constexpr unsigned IDLE_ROUNDS = 20, IDLE_ROUNDS_IN_FLIGHT = 1200;
constexpr unsigned MOST_THREADS_NAMED = 256;
constexpr mode_t MODE = 0644;

// All of it is wiped in a child, whose trace begins anew. Any thread writes the log; `mutex` protects the rest, and its
// holder blocks signals, and waits only for the file.
struct Trace {
  chain::EventLog log;
  os::Mutex mutex;
  bool is_over;  // or has not begun
  std::uint64_t size;       // of the file
  os::FileNumbers numbers;  // its own; that of another file may have its name since
  std::uint64_t cut;        // events that the file had no room for
  exec::TraceCounts told;
  std::int64_t in_flight;  // as the file shows it
  std::uint32_t named[MOST_THREADS_NAMED];  // threads, by number; 0: free
  ProcessPath path;
  ProcessPath folder;  // to make `path` absolute
  exec::ThreadSlices slices;
  exec::TraceText text;
};

// Stored once (release), and the same in children.
constinit std::atomic<Trace*> process_trace{nullptr};

Trace* trace() { return process_trace.load(std::memory_order_acquire); }

// A forked child does not repeat its parent's message.
void say_why_untraced(const char* path, int error) {
  static constinit std::atomic<bool> is_said{false};
  if (is_said.exchange(true, std::memory_order_relaxed)) return;
  say("cannot write the trace to %.256s: %s", path, std::strerror(error));
}

void wipe_trace_in_child() {
  if (Trace* const present = trace()) std::memset(static_cast<void*>(present), 0, sizeof *present);
}

Trace* map_trace() {
  const auto memory = os::map_memory(sizeof(Trace));
  if (!memory) {
    say_why_untraced(config().trace, memory.error());
    return nullptr;
  }
  if (!os::wipe_on_fork(*memory, sizeof(Trace))) pthread_atfork(nullptr, nullptr, wipe_trace_in_child);
  return static_cast<Trace*>(*memory);
}

exec::TraceWriter writer_of(Trace& trace) {
  return {trace.text, trace.slices, static_cast<std::uint32_t>(os::process_number())};
}

// ---- the file ----

int open_new(const char* path) {
  constexpr int FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_LARGEFILE | O_CLOEXEC;
  return static_cast<int>(os::system_call(SYS_openat, AT_FDCWD, path, FLAGS, MODE));
}

// Absolute, as the program may change its working directory. 0 or an errno.
int expand_to_absolute(Trace& trace, const char* suffix) {
  if (!expand(config().trace, suffix, trace.path)) return ENAMETOOLONG;
  if (trace.path[0] == '/') return 0;
  const long got = os::system_call(SYS_getcwd, trace.folder, sizeof trace.folder);
  if (got < 0) return static_cast<int>(-got);
  const std::size_t length = std::strlen(trace.folder), rest = std::strlen(trace.path);
  if (length + 1 + rest >= sizeof trace.folder) return ENAMETOOLONG;
  trace.folder[length] = '/';
  std::memcpy(trace.folder + length + 1, trace.path, rest + 1);
  std::memcpy(trace.path, trace.folder, length + 1 + rest + 1);
  return 0;
}

// Process IDs are reused: a file that an earlier process has left under a name with this process's ID is replaced.
int open_in_place_of_old(const char* path) {
  const int fd = open_new(path);
  if (fd != -EEXIST) return fd;
  if (!os::remove_file_that_begins(path, exec::TRACE_MAGIC, exec::TRACE_MAGIC_BYTES)) return fd;
  return open_new(path);
}

// A descriptor, or -errno.
int make_file(Trace& trace) {
  const bool names_process = std::strstr(config().trace, "%p") != nullptr;
  if (const int error = expand_to_absolute(trace, ""); error != 0) return -error;
  if (names_process) return open_in_place_of_old(trace.path);
  const int fd = open_new(trace.path);
  if (fd != -EEXIST) return fd;
  if (const int error = expand_to_absolute(trace, ".%p"); error != 0) return -error;
  return open_in_place_of_old(trace.path);
}

// A descriptor, or -errno: -ENOENT where the file is no longer there, even if another has its name.
int open_file(const Trace& trace) {
  constexpr int FLAGS = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_LARGEFILE | O_CLOEXEC;
  const int fd = static_cast<int>(os::system_call(SYS_openat, AT_FDCWD, trace.path, FLAGS, 0));
  if (fd < 0) return fd;
  const auto numbers = os::file_numbers(fd);
  if (numbers && *numbers == trace.numbers) return fd;
  os::system_call(SYS_close, fd);
  return -ENOENT;
}

// ---- what is written ----

// Writes the kernel's name of a thread, once; nothing if the thread has ended meanwhile.
void name_thread(Trace& trace, exec::TraceWriter& writer, std::uint32_t thread) {
  for (std::uint32_t& place : trace.named) {
    if (place == thread) return;
    if (place != 0) continue;
    place = thread;
    base::Line<64> path{};
    path.add("/proc/self/task/").add(thread).add("/comm").add(std::string_view("", 1));
    char name[32];
    const long fd = os::system_call(SYS_openat, AT_FDCWD, path.view().data(), O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return;
    const long length = os::system_call(SYS_read, fd, name, sizeof name);
    os::system_call(SYS_close, fd);
    if (length > 1) writer.name_thread(thread, {name, static_cast<std::size_t>(length) - 1});
    return;
  }
}

// 0 or an errno: ENOSPC where only a part was written.
int write_at(int fd, std::string_view text, std::uint64_t offset) {
  const os::WriteSignalGuard guard;
  const long written = os::write_at(fd, text.data(), text.size(), static_cast<std::int64_t>(offset));
  guard.absorb(written);
  if (written < 0) return static_cast<int>(-written);
  return static_cast<std::size_t>(written) < text.size() ? ENOSPC : 0;
}

// The text takes the place of the array's end and brings its own, so the file is JSON after each write. One that has
// failed, or moved a part alone, is taken back; no more is written then.
void flush(Trace& trace, int fd) {
  if (trace.is_over || trace.text.view().empty()) return trace.text.clear();
  trace.text.add(exec::TRACE_END);
  const std::string_view text = trace.text.view();
  const std::uint64_t place = trace.size == 0 ? 0 : trace.size - exec::TRACE_END.size();
  const int error = write_at(fd, text, place);
  if (error == 0) {
    trace.size = place + text.size();
  } else {
    trace.is_over = true;
    say_why_untraced(trace.path, error);
    if (trace.size != 0) (void)write_at(fd, exec::TRACE_END, place);
    (void)os::cut_file(fd, static_cast<std::int64_t>(trace.size));
  }
  trace.text.clear();
}

// False: there is no file. The beginning is written at once: by it a later process knows that the file is a trace.
bool begin_file(Trace& trace) {
  const int fd = make_file(trace);
  if (fd < 0) {
    say_why_untraced(trace.path, -fd);
    return false;
  }
  if (const auto numbers = os::file_numbers(fd); numbers) trace.numbers = *numbers;
  writer_of(trace).begin(program_invocation_short_name, os::now_ns(), os::real_now_ns());
  flush(trace, fd);
  os::system_call(SYS_close, fd);
  return !trace.is_over;
}

exec::TraceCounts counts_of(const Trace& trace) { return {trace.log.refused(), trace.log.lost() + trace.cut}; }

// Whether one event more would leave too little room for the file's end.
bool is_at_limit(const Trace& trace) {
  const std::uint64_t needed = exec::TRACE_EVENT_BYTES + exec::TRACE_LAST_BYTES;
  return trace.size + trace.text.view().size() + needed > config().trace_limit;
}

void write_event(Trace& trace, exec::TraceWriter& writer, const chain::Event& event, int fd) {
  trace.in_flight += event.what == chain::Happening::SUBMITTED;
  trace.in_flight -= event.what == chain::Happening::PUBLISHED;
  if (trace.text.room() < 2 * exec::TRACE_EVENT_BYTES) flush(trace, fd);
  if (!trace.log.is_closed() && is_at_limit(trace)) {
    trace.log.close();
    writer.add_limit(counts_of(trace), config().trace_limit, event.ns);
  }
  if (trace.log.is_closed()) {
    ++trace.cut;
    return;
  }
  name_thread(trace, writer, event.thread);
  writer.add(event);
}

void write_events(Trace& trace, int fd, bool all) {
  exec::TraceWriter writer = writer_of(trace);
  trace.log.take(all, [&](const chain::Event& event) { write_event(trace, writer, event, fd); });
  const exec::TraceCounts counts = counts_of(trace);
  if (trace.log.is_closed()) return;  // the end has the counts
  if (counts.refused == trace.told.refused && counts.lost == trace.told.lost) return;
  trace.told = counts;
  writer.add_counts(counts, os::now_ns());
}

// At the end of the process, where the file does not have everything.
void say_what_is_missing(const Trace& trace) {
  const exec::TraceCounts counts = counts_of(trace);
  if (counts.refused == 0 && counts.lost == 0) return;
  const unsigned long long refused = counts.refused, lost = counts.lost, limit = config().trace_limit;
  if (trace.log.is_closed()) {
    say("the trace %.256s has reached %llu bytes (ATOMRT_TRACE_LIMIT): %llu requests and %llu events are not in it",
        trace.path, limit, refused, lost);
  } else {
    say("%llu requests and %llu events came too fast for the trace %.256s", refused, lost, trace.path);
  }
}

// With the mutex held. False: nothing had come.
bool write_what_has_come(Trace& trace, bool is_end) {
  if (trace.is_over || (trace.log.waiting() == 0 && !is_end)) return false;
  const int fd = open_file(trace);
  if (fd < 0) {
    say_why_untraced(trace.path, -fd);
    trace.is_over = fd == -ENOENT;  // a new file would lack the beginning
    return !is_end;
  }
  write_events(trace, fd, is_end);
  if (is_end) writer_of(trace).end(counts_of(trace), os::now_ns());
  flush(trace, fd);
  if (is_end) say_what_is_missing(trace);
  trace.is_over = trace.is_over || is_end;
  os::system_call(SYS_close, fd);
  return true;
}

void* run_writer(void* argument) {
  os::name_this_thread("atomrt-trace");
  Engine& engine = *static_cast<Engine*>(argument);
  Trace& trace = *engine::trace();
  unsigned idle = 0;
  bool has_some_in_flight = true;
  while (idle < (has_some_in_flight ? IDLE_ROUNDS_IN_FLIGHT : IDLE_ROUNDS)) {
    os::sleep_until(os::now_ns() + INTERVAL_NS);
    os::Locked locked(trace.mutex);
    idle = write_what_has_come(trace, false) ? 0 : idle + 1;
    has_some_in_flight = trace.in_flight > 0;
  }
  engine.is_tracing.store(false, std::memory_order_relaxed);
  return nullptr;
}

// If the thread can't be made, the next request tries again, and the end of the process writes what the log had room
// for.
void keep_tracing(Engine& engine) {
  if (engine.is_tracing.load(std::memory_order_relaxed)) return;
  if (engine.is_tracing.exchange(true, std::memory_order_relaxed)) return;
  if (os::start_library_thread(run_writer, &engine) == 0) return;
  engine.is_tracing.store(false, std::memory_order_relaxed);
  say_why_untraced(config().trace, EAGAIN);
}

}  // namespace

void start_tracing() {
  if (config().trace == nullptr) return;
  Trace* const earlier = trace();  // the parent's, and wiped since
  Trace* const present = earlier != nullptr ? earlier : map_trace();
  if (present == nullptr) return;
  os::Locked locked(present->mutex);
  present->is_over = !begin_file(*present);
  process_trace.store(present, std::memory_order_release);
  if (!present->is_over) chain::event_log.store(&present->log, std::memory_order_release);
}

void trace_submitted(Engine& engine, chain::Request& request) {
  chain::begin_events(request);
  const chain::EventLog* const log = chain::event_log.load(std::memory_order_acquire);
  if (log == nullptr || !log->is_closed()) keep_tracing(engine);
}

void end_tracing() {
  Trace* const present = trace();
  if (present == nullptr || own_engine() == nullptr) return;
  const os::SignalBlock blocked;
  os::Locked locked(present->mutex);
  write_what_has_come(*present, true);
}

}  // namespace atomrt::engine
