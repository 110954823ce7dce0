// SPDX-License-Identifier: MIT
#include "exec/report.h"

#include <algorithm>
#include <iterator>

namespace atomrt::exec {
namespace {

constexpr std::uint64_t NANOSECONDS = 1'000'000'000;

constexpr struct {
  const char* name;
  const char* number;
  unsigned per_mille;
} QUANTILES[] = {{"p50", "0.5", 500}, {"p90", "0.9", 900}, {"p99", "0.99", 990}, {"p99.9", "0.999", 999}};

constexpr struct {
  const char* name;
  std::uint64_t ContextSnapshot::*member;
  const char* help;
} COUNTS[] = {
    {"requests", &ContextSnapshot::requests, "Requests completed by the context."},
    {"bytes", &ContextSnapshot::bytes, "Bytes that they moved."},
    {"errors", &ContextSnapshot::errors, "Requests that failed."},
    {"cancelled", &ContextSnapshot::cancelled, "Requests that were cancelled."},
    {"fallbacks", &ContextSnapshot::fallbacks, "Requests that the context declined or passed on."},
};

// Tenths of a microsecond.
void add_microseconds(Report& report, std::uint64_t ns) {
  const std::uint64_t tenths = ns / 100 + (ns % 100 >= 50 ? 1 : 0);
  report.add(tenths / 10).add(".").add(tenths % 10);
}

// All digits.
void add_exact_seconds(Report& report, std::uint64_t ns) {
  report.add(ns / NANOSECONDS).add(".");
  for (std::uint64_t place = NANOSECONDS / 10; place > 0; place /= 10) report.add(ns / place % 10);
}

// The amount per second, with one digit after the point.
void add_rate(Report& report, std::uint64_t amount, std::uint64_t ns) {
  const double tenths = ns != 0 ? static_cast<double>(amount) * 1e10 / static_cast<double>(ns) + 0.5 : 0;
  const auto whole = tenths < 1.8e19 ? static_cast<std::uint64_t>(tenths) : UINT64_MAX;
  report.add(whole / 10).add(".").add(whole % 10);
}

std::uint64_t difference(std::uint64_t value, std::uint64_t earlier) { return value > earlier ? value - earlier : 0; }

// For JSON and the labels of Prometheus: both know \" and \\. Control characters, as in odd file names, become blanks.
void add_quoted(Report& report, std::string_view text) {
  report.add("\"");
  for (const char& character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte == '"' || byte == '\\') report.add("\\");
    report.add(byte < 0x20 ? " " : std::string_view(&character, 1));
  }
  report.add("\"");
}

template <std::size_t SIZE>
std::string_view name_in(const char (&text)[SIZE]) {
  return {text, strnlen(text, SIZE)};
}

std::uint64_t uptime_ns(const Snapshot& snapshot, const Moment& now) {
  const std::uint64_t end = snapshot.ended_ns != 0 ? snapshot.ended_ns : static_cast<std::uint64_t>(now.ns);
  return difference(end, snapshot.since_ns);
}

struct Interval {
  const Snapshot* earlier = nullptr;  // null: there is none
  std::uint64_t ns = 0;
};

bool is_over(const Moment& now) { return now.state != nullptr && std::string_view(now.state) != "running"; }

// noinline: inlined into one function, the formats would share a frame as large as all of them need, and the thread
// that ends the process may have the smallest stack.

// --- text

class TextLines {
 public:
  explicit TextLines(Report& report) : report_(report) {}
  Report& value(std::string_view name) { return report_.add(context_).add(name).add(" "); }
  void number(std::string_view name, std::uint64_t number) { value(name).add(number).add("\n"); }
  void microseconds(std::string_view name, std::uint64_t ns) { add_microseconds(value(name), ns), report_.add("\n"); }
  void rate(std::string_view name, std::uint64_t amount, std::uint64_t ns) {
    add_rate(value(name), amount, ns);
    report_.add("\n");
  }
  void begin_context(std::string_view prefix) { context_ = prefix; }

 private:
  Report& report_;
  std::string_view context_;
};

// The numbers of a context, in the order of all formats that have names for them.
template <typename Out>
void add_numbers(Out& out, unsigned index, const ContextSnapshot& context, const Interval& interval) {
  for (const auto& count : COUNTS) out.number(count.name, context.*count.member);
  if (interval.earlier != nullptr) {
    const ContextSnapshot& earlier = interval.earlier->of[index];
    out.rate("requests_per_s", difference(context.requests, earlier.requests), interval.ns);
    out.rate("bytes_per_s", difference(context.bytes, earlier.bytes), interval.ns);
  }
  out.microseconds("longest_wait_us", context.longest_ns);
}

void add_text_of_context(Report& report, unsigned index, const ContextSnapshot& context, const Interval& interval) {
  base::Line<32> prefix{};
  prefix.add(CONTEXT_NAMES[index]).add(".");
  TextLines lines(report);
  lines.begin_context(prefix.view());
  add_numbers(lines, index, context, interval);
  for (const auto& quantile : QUANTILES) {
    base::Line<32> name{};
    name.add("latency_us.").add(quantile.name);
    lines.microseconds(name.view(), quantile_ns(context, quantile.per_mille));
  }
}

[[gnu::noinline]] void add_text(Report& report, const Snapshot& snapshot, const Moment& now, const Interval& interval) {
  const Totals totals = totals_of(snapshot);
  report.add("# atomrt ").add(name_in(snapshot.heading.version)).add(" statistics: ");
  report.add(name_in(snapshot.heading.program)).add(" (pid ").add(snapshot.heading.process);
  report.add(")").add(is_over(now) ? ", " : "").add(is_over(now) ? now.state : "").add("\n");
  TextLines lines(report);
  lines.value("time").add_seconds(now.real_ns).add("\n");
  lines.value("uptime_s").add_seconds(static_cast<std::int64_t>(uptime_ns(snapshot, now))).add("\n");
  lines.number("requests", snapshot.requests);
  lines.number("completed", totals.completed);
  lines.number("errors", totals.errors);
  lines.number("cancelled", totals.cancelled);
  lines.number("in_flight", totals.in_flight);
  if (interval.earlier != nullptr) {
    const Totals earlier = totals_of(*interval.earlier);
    lines.value("interval_s").add_seconds(static_cast<std::int64_t>(interval.ns)).add("\n");
    lines.rate("requests_per_s", difference(snapshot.requests, interval.earlier->requests), interval.ns);
    lines.rate("completed_per_s", difference(totals.completed, earlier.completed), interval.ns);
    lines.rate("bytes_per_s", difference(totals.bytes, earlier.bytes), interval.ns);
  }
  for (unsigned i = 0; i < CONTEXTS; ++i) {
    if (is_used(snapshot.of[i])) add_text_of_context(report, i, snapshot.of[i], interval);
  }
  lines.number("threads.created", snapshot.threads);
}

// --- JSON

class JsonObject {
 public:
  explicit JsonObject(Report& report) : report_(report) { report.add("{"); }
  ~JsonObject() { report_.add("}"); }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  Report& key(std::string_view name) {
    report_.add(is_first_ ? "\"" : ", \"").add(name).add("\": ");
    is_first_ = false;
    return report_;
  }
  void number(std::string_view name, std::uint64_t number) { key(name).add(number); }
  void seconds(std::string_view name, std::uint64_t ns) { key(name).add_seconds(static_cast<std::int64_t>(ns)); }
  void microseconds(std::string_view name, std::uint64_t ns) { add_microseconds(key(name), ns); }
  void rate(std::string_view name, std::uint64_t amount, std::uint64_t ns) { add_rate(key(name), amount, ns); }

 private:
  Report& report_;
  bool is_first_ = true;
};

void add_json_of_context(Report& report, unsigned index, const ContextSnapshot& context, const Interval& interval) {
  JsonObject object(report);
  add_numbers(object, index, context, interval);
  object.key("latency_us");
  JsonObject latencies(report);
  for (const auto& quantile : QUANTILES) {
    latencies.microseconds(quantile.name, quantile_ns(context, quantile.per_mille));
  }
}

void add_json_of_contexts(Report& report, const Snapshot& snapshot, const Interval& interval) {
  JsonObject contexts(report);
  for (unsigned i = 0; i < CONTEXTS; ++i) {
    contexts.key(CONTEXT_NAMES[i]);
    add_json_of_context(report, i, snapshot.of[i], interval);
  }
}

[[gnu::noinline]] void add_json_members(Report& report, const Snapshot& snapshot, const Moment& now,
                                        const Interval& interval) {
  const Totals totals = totals_of(snapshot);
  JsonObject object(report);
  add_quoted(object.key("version"), name_in(snapshot.heading.version));
  add_quoted(object.key("program"), name_in(snapshot.heading.program));
  object.number("pid", snapshot.heading.process);
  if (now.state != nullptr) add_quoted(object.key("state"), now.state);
  object.seconds("time", static_cast<std::uint64_t>(now.real_ns));
  object.seconds("uptime_s", uptime_ns(snapshot, now));
  object.number("requests", snapshot.requests);
  object.number("completed", totals.completed);
  object.number("errors", totals.errors);
  object.number("cancelled", totals.cancelled);
  object.number("in_flight", totals.in_flight);
  if (interval.earlier != nullptr) {
    const Totals earlier = totals_of(*interval.earlier);
    object.seconds("interval_s", interval.ns);
    object.rate("requests_per_s", difference(snapshot.requests, interval.earlier->requests), interval.ns);
    object.rate("completed_per_s", difference(totals.completed, earlier.completed), interval.ns);
    object.rate("bytes_per_s", difference(totals.bytes, earlier.bytes), interval.ns);
  }
  object.number("threads_created", snapshot.threads);
  object.key("contexts");
  add_json_of_contexts(report, snapshot, interval);
}

// --- Prometheus

class Metrics {
 public:
  Metrics(Report& report, const Snapshot& snapshot) : report_(report), snapshot_(snapshot) {}

  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    report_.add("# HELP atomrt_").add(name).add(" ").add(help).add("\n");
    report_.add("# TYPE atomrt_").add(name).add(" ").add(type).add("\n");
  }
  // What follows is the value.
  Report& sample(const char* context = nullptr, const char* quantile = nullptr, std::string_view suffix = "") {
    add_quoted(report_.add("atomrt_").add(name_).add(suffix).add("{program="), name_in(snapshot_.heading.program));
    report_.add(",pid=\"").add(snapshot_.heading.process).add("\"");
    if (context != nullptr) report_.add(",context=\"").add(context).add("\"");
    if (quantile != nullptr) report_.add(",quantile=\"").add(quantile).add("\"");
    return report_.add("} ");
  }
  void number(std::string_view name, std::string_view type, std::string_view help, std::uint64_t number) {
    begin(name, type, help);
    sample().add(number).add("\n");
  }

 private:
  Report& report_;
  const Snapshot& snapshot_;
  std::string_view name_;
};

void add_latency_metrics(Report& report, Metrics& metrics, const Snapshot& snapshot) {
  metrics.begin("latency_seconds", "summary", "From submission to completion; at most a quarter too high.");
  for (unsigned i = 0; i < CONTEXTS; ++i) {
    const ContextSnapshot& context = snapshot.of[i];
    if (!is_used(context)) continue;
    std::uint64_t count = 0;
    for (const std::uint64_t latency : context.latencies) count += latency;
    for (const auto& quantile : QUANTILES) {
      add_exact_seconds(metrics.sample(CONTEXT_NAMES[i], quantile.number), quantile_ns(context, quantile.per_mille));
      report.add("\n");
    }
    metrics.sample(CONTEXT_NAMES[i], nullptr, "_count").add(count).add("\n");
  }
  metrics.begin("longest_wait_seconds", "gauge", "The longest time from submission to completion so far.");
  for (unsigned i = 0; i < CONTEXTS; ++i) {
    if (!is_used(snapshot.of[i])) continue;
    add_exact_seconds(metrics.sample(CONTEXT_NAMES[i]), snapshot.of[i].longest_ns);
    report.add("\n");
  }
}

[[gnu::noinline]] void add_metrics(Report& report, const Snapshot& snapshot, const Moment& now) {
  const Totals totals = totals_of(snapshot);
  Metrics metrics(report, snapshot);
  metrics.number("submitted_total", "counter", "Requests submitted.", snapshot.requests);
  metrics.number("in_flight", "gauge", "Requests that are not complete.", totals.in_flight);
  metrics.number("threads_created_total", "counter", "Threads that the library has made.", snapshot.threads);
  metrics.begin("uptime_seconds", "gauge", "Since counting began.");
  add_exact_seconds(metrics.sample(), uptime_ns(snapshot, now));
  report.add("\n");
  for (const auto& count : COUNTS) {
    base::Line<32> name{};
    name.add(count.name).add("_total");
    metrics.begin(name.view(), "counter", count.help);
    for (unsigned i = 0; i < CONTEXTS; ++i) {
      if (!is_used(snapshot.of[i])) continue;
      metrics.sample(CONTEXT_NAMES[i]).add(snapshot.of[i].*count.member).add("\n");
    }
  }
  add_latency_metrics(report, metrics, snapshot);
}

}  // namespace

Totals totals_of(const Snapshot& snapshot) {
  Totals totals{};
  for (const ContextSnapshot& context : snapshot.of) {
    totals.completed += context.requests;
    totals.bytes += context.bytes;
    totals.errors += context.errors;
    totals.cancelled += context.cancelled;
  }
  totals.in_flight = difference(snapshot.requests, totals.completed);
  return totals;
}

std::uint64_t quantile_ns(const ContextSnapshot& context, unsigned per_mille) {
  std::uint64_t total = 0;
  for (const std::uint64_t latency : context.latencies) total += latency;
  if (total == 0) return 0;
  const std::uint64_t rank = (total * per_mille + 999) / 1000;
  std::uint64_t seen = 0;
  for (unsigned bin = 0; bin < LATENCY_BINS; ++bin) {
    seen += context.latencies[bin];
    if (seen >= rank) return upper_bound_of(bin);
  }
  return 0;
}

bool is_used(const ContextSnapshot& context) {
  return std::any_of(std::begin(COUNTS), std::end(COUNTS),
                     [&](const auto& count) { return context.*count.member != 0; });
}

void subtract(ContextSnapshot& context, const ContextSnapshot& earlier) {
  for (const auto& count : COUNTS) context.*count.member = difference(context.*count.member, earlier.*count.member);
  for (unsigned bin = 0; bin < LATENCY_BINS; ++bin) {
    context.latencies[bin] = difference(context.latencies[bin], earlier.latencies[bin]);
  }
}

void add_report(Report& report, Format format, const Snapshot& snapshot, const Moment& now, const Earlier* earlier) {
  Interval interval;
  if (earlier != nullptr && earlier->ns != 0 && now.ns > earlier->ns) {
    interval = {&earlier->snapshot, static_cast<std::uint64_t>(now.ns - earlier->ns)};
  }
  switch (format) {
    case Format::TEXT:
      return add_text(report, snapshot, now, interval);
    case Format::JSON:
      add_json_members(report, snapshot, now, interval);
      report.add("\n");
      return;
    case Format::PROMETHEUS:
      return add_metrics(report, snapshot, now);
  }
}

}  // namespace atomrt::exec
