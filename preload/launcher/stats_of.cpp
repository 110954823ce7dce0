// SPDX-License-Identifier: MIT
#include "launcher/stats_of.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "exec/report.h"
#include "launcher/interval.h"
#include "launcher/messages.h"
#include "launcher/shown.h"

namespace atomrt::launcher {
namespace {

using exec::Snapshot;

// A Source is a process or a file of counters:
//     bool look(Snapshot& to, bool is_quiet);   // false after one line on standard error, unless is_quiet

class Memory {
 public:
  explicit Memory(pid_t pid) : process_(pid) {}
  [[nodiscard]] bool open() { return process_.open(); }

  [[nodiscard]] bool look(Snapshot& to, bool is_quiet) {
    if (!look_into(process_, shown_, is_quiet)) return false;
    to = shown_.counters;
    if (shown_.is_counted || is_quiet) return shown_.is_counted;
    fail(shown_.is_started ? "process %d (%s): nothing is counted: start it with --counters, or ATOMRT_COUNTERS=1"
                           : "process %d (%s) has made no POSIX AIO request so far",
         static_cast<int>(process_.number()), process_.name());
    return false;
  }

 private:
  Process process_;
  Shown shown_;
};

class CounterFile {
 public:
  explicit CounterFile(const char* path) : path_(path) {}
  ~CounterFile() {
    if (fd_ >= 0) close(fd_);
  }
  CounterFile(const CounterFile&) = delete;
  CounterFile& operator=(const CounterFile&) = delete;

  [[nodiscard]] bool open() {
    fd_ = ::open(path_, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd_ < 0) fail("--stats-of: %s: %s", path_, std::strerror(errno));
    return fd_ >= 0;
  }

  [[nodiscard]] bool look(Snapshot& to, bool) {
    const ssize_t length = pread(fd_, &to, sizeof to, 0);
    const bool is_long = length >= static_cast<ssize_t>(sizeof to.heading);
    if (length == sizeof to && is_of_this_form(to)) return true;
    if (is_long && to.heading.is_ours()) {
      fail("--stats-of: %s: counters in form %u, this atomrt " ATOMRT_VERSION " knows form %u", path_, to.heading.form,
           exec::CountersHeading::FORM);
    } else {
      const bool is_text = length > 8 && std::memcmp(&to, "# atomrt", 8) == 0;
      fail(is_text ? "--stats-of: %s is the text of --stats; counters are kept by --counters=FILE"
                   : "--stats-of: %s holds no counters of atomrt", path_);
    }
    return false;
  }

 private:
  const char* path_;
  int fd_ = -1;
};

bool is_there(const Snapshot& snapshot) {
  return snapshot.ended_ns == 0 && (kill(static_cast<pid_t>(snapshot.heading.process), 0) == 0 || errno == EPERM);
}

// True: there may be more to come.
bool print(const Options& options, Snapshot& snapshot, exec::Earlier& earlier) {
  static exec::Report report;
  const bool is_running = is_there(snapshot);
  exec::Moment now{now_ns(), real_now_ns(), is_running ? "running" : snapshot.ended_ns != 0 ? "ended" : "gone"};
  // When it ended is not known: the figures are for the time up to its last request.
  if (!is_running && snapshot.ended_ns == 0) snapshot.ended_ns = snapshot.last_ns;
  report.clear();
  add_report(report, options.format, snapshot, now, &earlier);
  earlier = {snapshot, now.ns};
  const std::string_view text = report.view();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 && is_running;
}

template <typename Source>
int print_all(Source& source, const Options& options) {
  static Snapshot snapshot;
  static exec::Earlier earlier;
  if (!source.look(snapshot, false)) return OWN_FAILURE;
  Interval interval(options.interval_ns);
  while (print(options, snapshot, earlier) && options.interval_ns != 0) {
    interval.wait();
    if (!source.look(snapshot, true)) break;
  }
  return 0;
}

}  // namespace

int print_statistics_of(const Options& options) {
  const pid_t pid = read_pid(options.subject);
  if (pid == 0) {
    CounterFile file(options.subject);
    return file.open() ? print_all(file, options) : OWN_FAILURE;
  }
  static Memory memory(pid);
  return memory.open() ? print_all(memory, options) : OWN_FAILURE;
}

}  // namespace atomrt::launcher
