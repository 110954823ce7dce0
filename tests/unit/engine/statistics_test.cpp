// SPDX-License-Identifier: MIT
// Statistics: the text, and the quantiles behind it. The clock is the test's (clock_gettime is wrapped).
#include "engine/statistics.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <initializer_list>

#include "unit.h"

static std::int64_t test_clock_ns = 0;

extern "C" int real_clock(clockid_t clock, timespec* time) __asm__("__real_clock_gettime");
extern "C" int wrapped_clock(clockid_t clock, timespec* time) __asm__("__wrap_clock_gettime");
extern "C" int wrapped_clock(clockid_t clock, timespec* time) {
  if (test_clock_ns == 0) return real_clock(clock, time);
  *time = atomrt::os::to_timespec(test_clock_ns);
  return 0;
}

namespace {

using namespace atomrt::engine;
using atomrt::chain::Request;
using atomrt::exec::ContextId;
using atomrt::unit::zeroed;

const char* written(const Statistics& statistics, unsigned threads = 0) {
  static char text[16384];
  int ends[2];
  assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
  assert_int_equal(statistics.write_to(ends[1], threads), 0);
  close(ends[1]);
  const ssize_t length = read(ends[0], text, sizeof text - 1);
  close(ends[0]);
  text[length < 0 ? 0 : length] = '\0';
  return text;
}

// The value of a line "name value"; 0 where it is one of a context that did nothing.
double value(const Statistics& statistics, const char* name) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "\n%s ", name);
  const char* line = strstr(written(statistics), wanted);
  if (line == nullptr && strchr(name, '.') != nullptr) return 0;
  assert_non_null(line);
  return strtod(line + strlen(wanted), nullptr);
}

Statistics& enabled() {
  Statistics& statistics = zeroed<Statistics>();
  test_clock_ns = 1;
  statistics.prepare();
  statistics.enable();
  test_clock_ns = 0;
  return statistics;
}

// A request that took so long.
void serve(Statistics& statistics, ContextId context, std::int64_t latency_ns, long result) {
  Request request{};
  test_clock_ns = 1'000'000'000'000;
  statistics.submitted(request);
  test_clock_ns += latency_ns;
  statistics.completed(context, request, result);
  test_clock_ns = 0;
}

void nothing_is_counted_unless_asked_for(void**) {
  Statistics& statistics = zeroed<Statistics>();
  assert_false(statistics.enabled());
  Request request{};
  statistics.submitted(request);
  statistics.completed(ContextId::HEAD, request, 5);
  statistics.declined(ContextId::HEAD);
  assert_int_equal(request.submitted_ns, 0);
  statistics.enable();
  assert_string_equal(written(statistics), "");
}

void a_full_disk_is_an_error(void**) {
  Statistics& statistics = enabled();
  const int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(statistics.write_to(fd, 0), 0);  // nothing to be written
  serve(statistics, ContextId::HEAD, 1, 1);
  assert_int_equal(statistics.write_to(fd, 0), ENOSPC);
  close(fd);
  assert_int_equal(statistics.write_to(fd, 0), EBADF);
}

void without_a_request_nothing_is_written(void**) { assert_string_equal(written(enabled(), 3), ""); }

// What the contexts did is in tests/unit/exec/report_test.cpp.
void the_text_names_this_process(void**) {
  Statistics& statistics = enabled();
  serve(statistics, ContextId::HEAD, 1000, 4096);
  test_clock_ns = 5'000'000'000;
  const char* const text = written(statistics, 7);
  test_clock_ns = 0;
  char expected[256];
  snprintf(expected, sizeof expected,
           "# atomrt %s statistics: %s (pid %d)\ntime 5.000\nuptime_s 4.999\nrequests 1\ncompleted 1\nerrors 0\n",
           ATOMRT_VERSION, program_invocation_short_name, static_cast<int>(getpid()));
  assert_memory_equal(text, expected, strlen(expected));
  assert_non_null(strstr(text, "\nthreads.created 7\n"));
}

// Each block of ATOMRT_STATS_INTERVAL has the rates since the last one.
void what_is_written_again_has_rates(void**) {
  Statistics& statistics = enabled();
  static atomrt::exec::Earlier earlier;
  earlier = {};
  const int fd = memfd_create("statistics", 0);
  const auto write_at = [&](std::int64_t ns) {
    test_clock_ns = ns;
    assert_int_equal(statistics.write_to(fd, 0, atomrt::exec::Format::TEXT, &earlier), 0);
    test_clock_ns = 0;
  };
  serve(statistics, ContextId::RING, 10, 1000);
  write_at(2'000'000'000'000);
  const off_t first = lseek(fd, 0, SEEK_END);
  for (int i = 0; i < 30; ++i) serve(statistics, ContextId::RING, 10, 1000);
  write_at(2'002'000'000'000);
  static char text[8192];
  const ssize_t length = pread(fd, text, sizeof text - 1, 0);
  assert_true(length > first);
  text[length] = '\0';
  const char* const second = text + first;
  assert_non_null(strstr(second, "\ninterval_s 2.000\nrequests_per_s 15.0\n"));
  assert_non_null(strstr(second, "\nring.requests_per_s 15.0\nring.bytes_per_s 15000.0\n"));
  text[first] = '\0';
  assert_null(strstr(text, "per_s"));
  close(fd);
}

void others_may_hold_the_counters(void**) {
  Statistics& statistics = zeroed<Statistics>();
  auto& counters = zeroed<atomrt::exec::Counters>();
  describe_counters(counters);
  statistics.prepare();
  statistics.enable(counters);
  statistics.enable();  // it is counted already
  serve(statistics, ContextId::HEAD, 10, 100);
  statistics.note_threads(3);
  assert_int_equal(counters.requests.load(), 1);
  assert_int_equal(counters.of[0].bytes.load(), 100);
  assert_int_equal(counters.threads.load(), 3);
  assert_int_equal(counters.ended_ns.load(), 0);
  statistics.note_end(4);
  assert_int_equal(counters.threads.load(), 4);
  assert_true(counters.ended_ns.load() != 0 && counters.last_ns.load() != 0);
}

void results_are_told_apart_by_context(void**) {
  Statistics& statistics = enabled();
  serve(statistics, ContextId::HEAD, 10, 100);
  serve(statistics, ContextId::HEAD, 10, 0);
  serve(statistics, ContextId::WAITER, 10, 50);
  serve(statistics, ContextId::THREADS, 10, -EIO);
  serve(statistics, ContextId::THREADS, 10, -ECANCELED);
  statistics.declined(ContextId::HEAD);
  statistics.declined(ContextId::HEAD);
  assert_true(value(statistics, "requests") == 5 && value(statistics, "completed") == 5);
  assert_true(value(statistics, "errors") == 1 && value(statistics, "cancelled") == 1);
  assert_true(value(statistics, "head.requests") == 2 && value(statistics, "head.bytes") == 100);
  assert_true(value(statistics, "waiter.requests") == 1 && value(statistics, "waiter.bytes") == 50);
  assert_true(value(statistics, "threads.requests") == 2 && value(statistics, "threads.bytes") == 0);
  assert_true(value(statistics, "threads.errors") == 1 && value(statistics, "threads.cancelled") == 1);
  assert_true(value(statistics, "head.fallbacks") == 2 && value(statistics, "threads.fallbacks") == 0);
}

void a_request_in_flight_is_not_completed(void**) {
  Statistics& statistics = enabled();
  Request request{};
  statistics.submitted(request);
  assert_true(request.submitted_ns > 0);
  assert_true(value(statistics, "requests") == 1 && value(statistics, "completed") == 0);
}

// A chain that was made before has a time of its own, good to some milliseconds.
void what_was_submitted_before_has_no_latency(void**) {
  Statistics& statistics = zeroed<Statistics>();
  Request request{};
  request.submitted_ns = 500;
  test_clock_ns = 1000;
  statistics.enable();
  test_clock_ns = 9000;
  statistics.enable();  // again: it has been on
  statistics.completed(ContextId::DIRECT, request, 1);
  statistics.submitted(request);
  request.submitted_ns = 1500;
  statistics.completed(ContextId::THREADS, request, 1);
  test_clock_ns = 0;
  assert_true(value(statistics, "direct.requests") == 1 && value(statistics, "direct.longest_wait_us") == 0);
  assert_true(value(statistics, "threads.longest_wait_us") == 7.5);
}

void the_longest_wait_is_exact(void**) {
  Statistics& statistics = enabled();
  for (const std::int64_t ns : {5'000L, 123'456L, 7'000L}) serve(statistics, ContextId::THREADS, ns, 1);
  assert_true(value(statistics, "threads.longest_wait_us") == 123.5);
  assert_true(value(statistics, "head.longest_wait_us") == 0);
}

// A bin is a quarter of a power of two: the quantile is its upper end, at most 25 % beyond the true value.
void a_quantile_is_never_too_low_and_hardly_too_high(void**) {
  for (std::int64_t ns = 100; ns < 100'000'000'000; ns = ns * 21 / 16 + 1) {
    Statistics& statistics = enabled();
    serve(statistics, ContextId::HEAD, ns, 1);
    const double us = static_cast<double>(ns) / 1000;
    const double p50 = value(statistics, "head.latency_us.p50");
    assert_true(p50 >= us - 0.06 && p50 <= us * 1.25 + 0.06);
    assert_true(p50 == value(statistics, "head.latency_us.p99.9"));
  }
}

void extreme_latencies_have_a_bin(void**) {
  // As long as the clock can tell.
  const std::int64_t longest = (sizeof(time_t) == 4 ? INT32_MAX * INT64_C(1'000'000'000) : INT64_MAX) - 1'000'000'000'000;
  for (const std::int64_t ns : std::initializer_list<std::int64_t>{0, 1, 3, 4, 5, longest}) {
    Statistics& statistics = enabled();
    serve(statistics, ContextId::HEAD, ns, 1);
    assert_true(value(statistics, "head.latency_us.p50") >= static_cast<double>(ns) / 1000 - 0.06);
  }
  Statistics& statistics = enabled();
  serve(statistics, ContextId::HEAD, -5, 1);  // a clock read on two processors
  assert_true(value(statistics, "head.longest_wait_us") == 0);
}

// 1000 requests: 1 us for the first half, then ever slower tails.
void quantiles_count_from_the_fastest(void**) {
  Statistics& statistics = enabled();
  const auto serve_many = [&](int count, std::int64_t ns) {
    for (int i = 0; i < count; ++i) serve(statistics, ContextId::THREADS, ns, 1);
  };
  serve_many(500, 1'000);
  serve_many(400, 10'000);
  serve_many(90, 100'000);
  serve_many(9, 1'000'000);
  serve_many(1, 10'000'000);
  const auto is_about = [&](const char* name, double us) {
    const double found = value(statistics, name);
    return found >= us && found <= us * 1.25;
  };
  assert_true(is_about("threads.latency_us.p50", 1));
  assert_true(is_about("threads.latency_us.p90", 10));
  assert_true(is_about("threads.latency_us.p99", 100));
  assert_true(is_about("threads.latency_us.p99.9", 1000));
}

}  // namespace

UNIT_TESTS(cmocka_unit_test(nothing_is_counted_unless_asked_for),
           cmocka_unit_test(without_a_request_nothing_is_written), cmocka_unit_test(a_full_disk_is_an_error), cmocka_unit_test(the_text_names_this_process),
           cmocka_unit_test(what_is_written_again_has_rates), cmocka_unit_test(others_may_hold_the_counters),
           cmocka_unit_test(results_are_told_apart_by_context), cmocka_unit_test(a_request_in_flight_is_not_completed),
           cmocka_unit_test(what_was_submitted_before_has_no_latency), cmocka_unit_test(the_longest_wait_is_exact),
           cmocka_unit_test(a_quantile_is_never_too_low_and_hardly_too_high),
           cmocka_unit_test(extreme_latencies_have_a_bin), cmocka_unit_test(quantiles_count_from_the_fastest))
