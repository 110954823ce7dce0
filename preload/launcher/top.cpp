// SPDX-License-Identifier: MIT
#include "launcher/top.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <iterator>

#include "exec/report.h"
#include "launcher/interval.h"
#include "launcher/messages.h"
#include "launcher/shown.h"

namespace atomrt::launcher {
namespace {

using exec::ContextSnapshot;
using exec::CONTEXTS;
using exec::Snapshot;

constexpr std::int64_t SECOND_NS = 1'000'000'000;

struct Screen {
  int rows = 0;  // 0: it is no terminal
  int columns = 0;
};

Screen find_screen() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0) return {};
  const bool is_known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 && size.ws_col != 0;
  return is_known ? Screen{size.ws_row, size.ws_col} : Screen{24, 80};
}

// What came in an interval.
struct Change {
  double seconds;
  std::uint64_t requests;  // submitted
  ContextSnapshot of[CONTEXTS];
  ContextSnapshot all;
};

void add_to(ContextSnapshot& all, const ContextSnapshot& context) {
  all.requests += context.requests;
  all.bytes += context.bytes;
  all.errors += context.errors;
  all.cancelled += context.cancelled;
  for (unsigned bin = 0; bin < exec::LATENCY_BINS; ++bin) all.latencies[bin] += context.latencies[bin];
}

void find_change(const Snapshot& now, const exec::Earlier& earlier, std::int64_t now_ns, Change& change) {
  change.seconds = static_cast<double>(std::max<std::int64_t>(now_ns - earlier.ns, 1)) / 1e9;
  change.requests = now.requests - std::min(now.requests, earlier.snapshot.requests);
  change.all = {};
  for (unsigned i = 0; i < CONTEXTS; ++i) {
    change.of[i] = now.of[i];
    exec::subtract(change.of[i], earlier.snapshot.of[i]);
    add_to(change.all, change.of[i]);
  }
}

double per_second(std::uint64_t amount, const Change& change) { return static_cast<double>(amount) / change.seconds; }
double megabytes(std::uint64_t bytes, const Change& change) { return per_second(bytes, change) / 1e6; }
double microseconds(const ContextSnapshot& context, unsigned per_mille) {
  return static_cast<double>(quantile_ns(context, per_mille)) / 1e3;
}

double oldest_age(const Requests& requests, std::int64_t now) {
  if (requests.count() == 0) return 0;
  return static_cast<double>(std::max<std::int64_t>(now - requests[0].submitted_ns, 0)) / 1e9;
}

// --- a line each time

void print_line(const Shown& shown, const Change& change, std::int64_t now, bool needs_heading) {
  if (needs_heading) {
    std::printf("time       in_flight   oldest_s");
    if (shown.is_counted) std::printf("   requests/s       MB/s     p50_us     p99_us   errors/s");
    std::printf("\n");
  }
  const time_t real = time(nullptr);
  tm local{};
  char text[16] = "";
  if (localtime_r(&real, &local) != nullptr) std::strftime(text, sizeof text, "%H:%M:%S", &local);
  std::printf("%-8s %11zu %10.3f", text, shown.requests.count(), oldest_age(shown.requests, now));
  if (shown.is_counted) {
    std::printf(" %12.1f %10.2f %10.1f %10.1f %10.1f", per_second(change.requests, change),
                megabytes(change.all.bytes, change), microseconds(change.all, 500), microseconds(change.all, 990),
                per_second(change.all.errors, change));
  }
  std::printf("\n");
}

// --- a screen

class Rows {
 public:
  explicit Rows(const Screen& screen) : screen_(screen) { std::printf("\033[H"); }
  [[nodiscard]] bool has_room() const { return used_ < screen_.rows - 1; }
  // Cut at the screen's edge; what is left of an earlier one is erased.
  void add(std::string_view text) {
    if (!has_room()) return;
    ++used_;
    const auto length = std::min(text.size(), static_cast<std::size_t>(screen_.columns));
    for (const char& character : text.substr(0, length)) {
      const auto byte = static_cast<unsigned char>(character);
      std::putchar(byte < 0x20 || byte == 0x7f ? '?' : byte);
    }
    std::printf("\033[K\n");
  }
  [[gnu::format(printf, 2, 3)]] void format(const char* format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add(text);
  }
  void end() { std::printf("\033[J"); }

 private:
  const Screen& screen_;
  int used_ = 0;
};

void add_contexts(Rows& rows, const Shown& shown, const Change& change) {
  rows.format("%-8s %12s %10s %10s %10s %12s %12s", "context", "requests/s", "MB/s", "p50 us", "p99 us", "longest us",
              "fallbacks/s");
  for (unsigned i = 0; i < CONTEXTS; ++i) {
    if (!is_used(shown.counters.of[i])) continue;
    const ContextSnapshot& context = change.of[i];
    rows.format("%-8s %12.1f %10.2f %10.1f %10.1f %12.1f %12.1f", exec::CONTEXT_NAMES[i],
                per_second(context.requests, change), megabytes(context.bytes, change), microseconds(context, 500),
                microseconds(context, 990), static_cast<double>(shown.counters.of[i].longest_ns) / 1e3,
                per_second(context.fallbacks, change));
  }
}

void add_requests(Rows& rows, const Process& process, const Requests& requests, std::int64_t now) {
  if (requests.count() == 0) return;
  rows.add("");
  rows.add("     age s operation    fd     length  where; file");
  for (std::size_t i = 0; i < requests.count() && rows.has_room(); ++i) {
    chain::PendingLine line{};
    Path file;
    const char* const operation = name_of(requests[i].operation);
    line.add_seconds(now - requests[i].submitted_ns, 10).add(" ").add(operation);
    for (std::size_t length = std::strlen(operation); length < 9; ++length) line.add(" ");
    line.add_signed(requests[i].fd, 6).add(requests[i].length, 11).add("  ");
    chain::describe_place(requests[i], line);
    line.add("; ").add(process.descriptor(requests[i].io_fd, file) ? file.c_str() : "?");
    rows.add(line.view());
  }
}

void print_screen(const Screen& screen, const Process& process, const Shown& shown, const Change& change,
                  std::int64_t now) {
  Rows rows(screen);
  const Snapshot& counters = shown.counters;
  rows.format("atomrt %s: %s (pid %d), %zu in flight, oldest %.3f s", shown.version, process.name(),
              static_cast<int>(process.number()), shown.requests.count(), oldest_age(shown.requests, now));
  if (shown.is_counted) {
    rows.format("%.1f requests/s, %.2f MB/s, %.1f errors/s; counted for %.0f s: %llu requests, %llu threads made",
                per_second(change.requests, change), megabytes(change.all.bytes, change),
                per_second(change.all.errors, change),
                static_cast<double>(now - static_cast<std::int64_t>(counters.since_ns)) / 1e9,
                static_cast<unsigned long long>(counters.requests), static_cast<unsigned long long>(counters.threads));
    rows.add("");
    add_contexts(rows, shown, change);
  } else if (shown.is_started) {
    rows.add("nothing is counted: start it with --counters, or ATOMRT_COUNTERS=1");
  } else {
    rows.add("it has made no POSIX AIO request so far");
  }
  add_requests(rows, process, shown.requests, now);
  rows.end();
}

}  // namespace

int show_top(const Options& options) {
  static Shown shown;
  static Change change;
  static exec::Earlier earlier;
  const pid_t pid = read_pid(options.subject);
  if (pid == 0) return fail("--top: '%s' is not a process ID", options.subject);
  Process process(pid);
  if (!process.open() || !look_into(process, shown)) return OWN_FAILURE;
  const bool is_terminal = find_screen().rows != 0;
  if (is_terminal) std::printf("\033[2J");
  Interval interval(options.interval_ns != 0 ? options.interval_ns : SECOND_NS);
  bool is_first = true, was_counted = false;
  do {
    const std::int64_t now = now_ns();
    if (!shown.is_counted) shown.counters = {};
    // The first time: since counting began.
    if (earlier.ns == 0 && shown.is_counted) earlier.ns = static_cast<std::int64_t>(shown.counters.since_ns);
    find_change(shown.counters, earlier, now, change);
    if (is_terminal) {
      print_screen(find_screen(), process, shown, change, now);
    } else {
      print_line(shown, change, now, is_first || was_counted != shown.is_counted);
    }
    if (std::fflush(stdout) != 0) return OWN_FAILURE;
    is_first = false;
    was_counted = shown.is_counted;
    if (shown.is_counted) earlier = {shown.counters, now};
    interval.wait();
  } while (look_into(process, shown, true));
  return 0;
}

}  // namespace atomrt::launcher
