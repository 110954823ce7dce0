// SPDX-License-Identifier: MIT
// Statistics: the text, and the quantiles behind it. The clock is the test's (clock_gettime is wrapped).
#include "engine/statistics.h"

#include <fcntl.h>

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

// The value of a line "name value".
double value(const Statistics& statistics, const char* name) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "\n%s ", name);
  const char* line = strstr(written(statistics), wanted);
  assert_non_null(line);
  return strtod(line + strlen(wanted), nullptr);
}

Statistics& enabled() {
  Statistics& statistics = zeroed<Statistics>();
  test_clock_ns = 1;
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

void the_text_has_every_name_in_order(void**) {
  Statistics& statistics = enabled();
  serve(statistics, ContextId::HEAD, 1000, 4096);
  char expected[4096];
  const int pid = getpid();
  int length = snprintf(expected, sizeof expected,
                        "# atomrt %s statistics: %s (pid %d)\nrequests 1\ncompleted 1\nerrors 0\ncancelled 0\n",
                        ATOMRT_VERSION, program_invocation_short_name, pid);
  for (const char* context : {"head", "waiter", "direct", "ring", "threads"}) {
    const bool head = strcmp(context, "head") == 0;
    length += snprintf(expected + length, sizeof expected - static_cast<size_t>(length),
                       "%s.requests %d\n%s.bytes %d\n%s.errors 0\n%s.cancelled 0\n%s.fallbacks 0\n"
                       "%s.longest_wait_us %s\n%s.latency_us.p50 %s\n%s.latency_us.p90 %s\n%s.latency_us.p99 %s\n"
                       "%s.latency_us.p99.9 %s\n",
                       context, head, context, head ? 4096 : 0, context, context, context, context,
                       head ? "1.0" : "0.0", context, head ? "1.0" : "0.0", context, head ? "1.0" : "0.0", context,
                       head ? "1.0" : "0.0", context, head ? "1.0" : "0.0");
  }
  snprintf(expected + length, sizeof expected - static_cast<size_t>(length), "threads.created 7\n");
  assert_string_equal(written(statistics, 7), expected);
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
           cmocka_unit_test(without_a_request_nothing_is_written), cmocka_unit_test(a_full_disk_is_an_error), cmocka_unit_test(the_text_has_every_name_in_order),
           cmocka_unit_test(results_are_told_apart_by_context), cmocka_unit_test(a_request_in_flight_is_not_completed),
           cmocka_unit_test(what_was_submitted_before_has_no_latency), cmocka_unit_test(the_longest_wait_is_exact),
           cmocka_unit_test(a_quantile_is_never_too_low_and_hardly_too_high),
           cmocka_unit_test(extreme_latencies_have_a_bin), cmocka_unit_test(quantiles_count_from_the_fastest))
