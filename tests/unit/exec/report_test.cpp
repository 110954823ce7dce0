// SPDX-License-Identifier: MIT
// report: each format, what it leaves out, and that all of it fits. tests/hostile/launcher_shows_statistics.py has JSON
// read by a parser.
#include "exec/report.h"

#include "unit.h"

namespace {

using namespace atomrt::exec;
using atomrt::unit::zeroed;

constexpr std::int64_t SECOND = 1'000'000'000;
constexpr Moment NOW{102 * SECOND, 1000 * SECOND + 5'000'000};

Snapshot& some() {
  auto& snapshot = zeroed<Snapshot>();
  strcpy(snapshot.heading.version, "1.2.3");
  strcpy(snapshot.heading.program, "a \"b\\\n");
  snapshot.heading.process = 77;
  snapshot.since_ns = 100 * SECOND;
  snapshot.requests = 12;
  snapshot.threads = 2;
  ContextSnapshot& ring = snapshot.of[static_cast<unsigned>(ContextId::RING)];
  ring.requests = 10;
  ring.bytes = 4096;
  ring.errors = 1;
  ring.longest_ns = 123'456;
  ring.latencies[bin_of(1000)] = 10;
  snapshot.of[static_cast<unsigned>(ContextId::HEAD)].fallbacks = 3;
  return snapshot;
}

const char* report_of(Format format, const Snapshot& snapshot, const Moment& now = NOW, const Earlier* earlier = nullptr) {
  auto& report = zeroed<Report>();
  static char text[REPORT_BYTES + 1];
  add_report(report, format, snapshot, now, earlier);
  memcpy(text, report.view().data(), report.view().size());
  text[report.view().size()] = '\0';
  return text;
}

void text_has_a_line_for_each_number_of_what_was_used(void**) {
  Snapshot& snapshot = some();
  strcpy(snapshot.heading.program, "copy");
  assert_string_equal(report_of(Format::TEXT, snapshot),
                      "# atomrt 1.2.3 statistics: copy (pid 77)\ntime 1000.005\nuptime_s 2.000\n"
                      "requests 12\ncompleted 10\nerrors 1\ncancelled 0\nin_flight 2\n"
                      "head.requests 0\nhead.bytes 0\nhead.errors 0\nhead.cancelled 0\nhead.fallbacks 3\n"
                      "head.longest_wait_us 0.0\nhead.latency_us.p50 0.0\nhead.latency_us.p90 0.0\n"
                      "head.latency_us.p99 0.0\nhead.latency_us.p99.9 0.0\n"
                      "ring.requests 10\nring.bytes 4096\nring.errors 1\nring.cancelled 0\nring.fallbacks 0\n"
                      "ring.longest_wait_us 123.5\nring.latency_us.p50 1.0\nring.latency_us.p90 1.0\n"
                      "ring.latency_us.p99 1.0\nring.latency_us.p99.9 1.0\nthreads.created 2\n");
}

void an_end_stops_the_uptime(void**) {
  Snapshot& snapshot = some();
  snapshot.ended_ns = 101 * SECOND;
  const char* const text = report_of(Format::TEXT, snapshot, {102 * SECOND, 0, "gone"});
  assert_non_null(strstr(text, "(pid 77), gone\ntime "));
  assert_non_null(strstr(text, "\nuptime_s 1.000\n"));
  assert_null(strstr(report_of(Format::TEXT, snapshot, {102 * SECOND, 0, "running"}), "running"));
}

void json_is_one_line_with_all_contexts(void**) {
  const char* const text = report_of(Format::JSON, some(), {102 * SECOND, 1000 * SECOND, "running"});
  assert_true(strchr(text, '\n') == text + strlen(text) - 1);
  assert_memory_equal(text, "{\"version\": \"1.2.3\", \"program\": \"a \\\"b\\\\ \", \"pid\": 77, \"state\": \"running\", ", 73);
  for (const char* name : CONTEXT_NAMES) {
    char key[32];
    snprintf(key, sizeof key, "\"%s\": {\"requests\": ", name);
    assert_non_null(strstr(text, key));
  }
}

void metrics_bear_program_and_process(void**) {
  const char* const text = report_of(Format::PROMETHEUS, some());
  assert_non_null(strstr(text, "\n# TYPE atomrt_bytes_total counter\n"
                               "atomrt_bytes_total{program=\"a \\\"b\\\\ \",pid=\"77\",context=\"head\"} 0\n"
                               "atomrt_bytes_total{program=\"a \\\"b\\\\ \",pid=\"77\",context=\"ring\"} 4096\n"));
  assert_non_null(strstr(text, "context=\"ring\",quantile=\"0.999\"} 0.000001023\n"));
  assert_non_null(strstr(text, "atomrt_latency_seconds_count{program=\"a \\\"b\\\\ \",pid=\"77\",context=\"ring\"} 10\n"));
  assert_null(strstr(text, "threads\""));  // the context did nothing
}

void rates_are_of_the_time_since(void**) {
  Snapshot& snapshot = some();
  auto& earlier = zeroed<Earlier>();
  assert_null(strstr(report_of(Format::TEXT, snapshot, NOW, &earlier), "per_s"));  // there is none yet
  earlier = {snapshot, NOW.ns - 4 * SECOND};
  snapshot.requests += 10;
  snapshot.of[3].requests += 6;
  snapshot.of[3].bytes += 4000;
  const char* text = report_of(Format::TEXT, snapshot, NOW, &earlier);
  assert_non_null(strstr(text, "\ninterval_s 4.000\nrequests_per_s 2.5\ncompleted_per_s 1.5\nbytes_per_s 1000.0\n"));
  assert_non_null(strstr(text, "\nring.requests_per_s 1.5\nring.bytes_per_s 1000.0\nring.longest_wait_us "));
  text = report_of(Format::JSON, snapshot, NOW, &earlier);
  assert_non_null(strstr(text, "\"requests_per_s\": 2.5, \"completed_per_s\": 1.5, \"bytes_per_s\": 1000.0"));
  // Of counters that lag behind, none.
  earlier.snapshot.requests = UINT64_MAX;
  assert_non_null(strstr(report_of(Format::TEXT, snapshot, NOW, &earlier), "\nrequests_per_s 0.0\n"));
  // Of a clock that stands, none either; and what is more than a number holds is the greatest.
  earlier.ns = NOW.ns;
  assert_null(strstr(report_of(Format::TEXT, snapshot, NOW, &earlier), "per_s"));
  earlier = {snapshot, NOW.ns - 1};
  snapshot.of[3].bytes += std::uint64_t{1} << 60;
  assert_non_null(strstr(report_of(Format::TEXT, snapshot, NOW, &earlier), "\nbytes_per_s 1844674407370955161.5\n"));
}

void a_change_is_what_was_added(void**) {
  Snapshot& snapshot = some();
  const ContextSnapshot earlier = snapshot.of[3];
  snapshot.of[3].requests += 2;
  snapshot.of[3].latencies[bin_of(5'000'000)] += 2;
  subtract(snapshot.of[3], earlier);
  assert_int_equal(snapshot.of[3].requests, 2);
  assert_int_equal(snapshot.of[3].bytes, 0);
  assert_true(quantile_ns(snapshot.of[3], 1) >= 5'000'000);
}

// Everything as long as it can be.
void the_longest_report_fits(void**) {
  auto& snapshot = zeroed<Snapshot>();
  memset(&snapshot, 0x7f, sizeof snapshot);
  memset(snapshot.heading.program, '"', sizeof snapshot.heading.program);
  snapshot.heading.program[sizeof snapshot.heading.program - 1] = '\0';
  snapshot.since_ns = 0;
  snapshot.ended_ns = 0;
  for (ContextSnapshot& context : snapshot.of) {
    memset(context.latencies, 0, sizeof context.latencies);
    context.latencies[LATENCY_BINS - 1] = 1;
  }
  auto& earlier = zeroed<Earlier>();
  earlier.ns = 1;
  for (const Format format : {Format::TEXT, Format::JSON, Format::PROMETHEUS}) {
    assert_true(strlen(report_of(format, snapshot, {INT64_MAX, INT64_MAX, "running"}, &earlier)) < REPORT_BYTES);
  }
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(text_has_a_line_for_each_number_of_what_was_used), cmocka_unit_test(an_end_stops_the_uptime),
           cmocka_unit_test(json_is_one_line_with_all_contexts), cmocka_unit_test(metrics_bear_program_and_process),
           cmocka_unit_test(rates_are_of_the_time_since), cmocka_unit_test(a_change_is_what_was_added),
           cmocka_unit_test(the_longest_report_fits))
