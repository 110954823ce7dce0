// SPDX-License-Identifier: MIT
// config: what each setting of the environment becomes. The library reads it once, when it is loaded: so the program runs
// itself with that environment, prints what it finds and what it was told, and the test compares. AT_SECURE is wrapped.
#include "engine/config.h"

#include <fcntl.h>
#include <sys/auxv.h>

#include "unit.h"

extern "C" unsigned long real_getauxval(unsigned long type) __asm__("__real_getauxval");
extern "C" unsigned long wrapped_getauxval(unsigned long type) __asm__("__wrap_getauxval");
extern "C" unsigned long wrapped_getauxval(unsigned long type) {
  // From the library's constructor: before main, so that only the environment can tell.
  return type == AT_SECURE && getenv("UNIT_SECURE") != nullptr ? 1 : real_getauxval(type);
}

// Another constructor that needs the settings before the library's own may have run.
static const bool early_verbose = atomrt::engine::config().verbose;

namespace {

using atomrt::engine::Config;
using atomrt::engine::config;

int print_config() {
  const Config& read = config();
  if (getenv("UNIT_FIRST_REQUEST") != nullptr) {
    atomrt::engine::tell_what_is_ignored();
    atomrt::engine::tell_what_is_ignored();  // in vain
  }
  if (getenv("UNIT_PRINT_ORDER") != nullptr) {
    printf("calls=%d\n", read.keeps_call_order);
    return 0;
  }
  if (getenv("UNIT_PRINT_COUNTERS") != nullptr) {
    printf("counts=%d file=%s json=%d\n", read.counts, read.counter_file != nullptr ? read.counter_file : "-",
           read.statistics_format == atomrt::exec::Format::JSON);
    return 0;
  }
  if (getenv("UNIT_PRINT_TRACE") != nullptr) {
    printf("trace=%s limit=%llu\n", read.trace != nullptr ? read.trace : "-",
           static_cast<unsigned long long>(read.trace_limit));
    return 0;
  }
  if (getenv("UNIT_PRINT_RING") != nullptr) {
    printf("ring=%d forced=%d workers=%d entries=%u\n", read.use_ring, read.is_ring_forced, read.use_threads,
           read.ring_entries);
    return 0;
  }
  printf("head=%d waiter=%d direct=%d ring=%d threads=%u stats=%s interval=%u verbose=%d early=%d same=%d\n", read.use_head,
         read.use_waiter, read.use_direct, read.use_ring, read.most_threads, read.statistics != nullptr ? read.statistics : "-",
         read.statistics_interval_s, read.verbose, early_verbose, &read == &config());
  return 0;
}

struct Outcome {
  char settings[8192];
  char messages[2048];
};

void read_all(int fd, char* text, size_t size) {
  size_t length = 0;
  ssize_t got;
  while (length + 1 < size && (got = read(fd, text + length, size - 1 - length)) > 0) length += static_cast<size_t>(got);
  text[length] = '\0';
  close(fd);
}

Outcome run_with(std::initializer_list<const char*> variables) {
  int out[2], err[2];
  assert_int_equal(pipe2(out, O_CLOEXEC), 0);
  assert_int_equal(pipe2(err, O_CLOEXEC), 0);
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const char* environment[16] = {"UNIT_PRINT_CONFIG=1"};
    int count = 1;
    for (const char* variable : variables) environment[count++] = variable;
    dup2(out[1], 1);
    dup2(err[1], 2);
    char name[] = "config";
    char* arguments[] = {name, nullptr};
    execve("/proc/self/exe", arguments, const_cast<char**>(environment));
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  Outcome outcome;
  read_all(out[0], outcome.settings, sizeof outcome.settings);
  read_all(err[0], outcome.messages, sizeof outcome.messages);
  int status = 0;
  waitpid(child, &status, 0);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return outcome;
}

constexpr char DEFAULTS[] = "head=1 waiter=1 direct=1 ring=1 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n";

void becomes(std::initializer_list<const char*> variables, const char* settings) {
  const Outcome outcome = run_with(variables);
  assert_string_equal(outcome.settings, settings);
  assert_string_equal(outcome.messages, "");
}

// The setting is ignored, and at the first request one line says so, and what would be right.
void is_refused(const char* variable, const char* right = "not a number from 1 to ") {
  const Outcome outcome = run_with({variable, "UNIT_FIRST_REQUEST=1"});
  assert_string_equal(outcome.settings, DEFAULTS);
  assert_ptr_equal(strstr(outcome.messages, "atomrt: ignoring "), outcome.messages);
  assert_non_null(strstr(outcome.messages, variable));
  assert_non_null(strstr(outcome.messages, right));
  assert_ptr_equal(strchr(outcome.messages, '\n'), outcome.messages + strlen(outcome.messages) - 1);
  becomes({variable}, DEFAULTS);  // and without a request none
}

constexpr char KNOWN_CONTEXTS[] = " is none of head, direct, ring, waiter, threads";

void the_word_that_is_wrong_is_named(void**) {
  is_refused("ATOMRT_CONTEXTS=head,rings,threads", "'rings' is none of head, direct, ring, waiter, threads");
}

void each_wrong_value_has_its_line(void**) {
  static char contexts[3000] = "ATOMRT_CONTEXTS=";
  memset(contexts + strlen(contexts), 'x', 2900);
  const Outcome outcome = run_with({contexts, "ATOMRT_MAX_THREADS=many", "ATOMRT_RING_ENTRIES=0",
                                    "ATOMRT_STATS_INTERVAL=now", "UNIT_FIRST_REQUEST=1"});
  std::size_t lines = 0;
  for (const char* at = outcome.messages; (at = strchr(at, '\n')) != nullptr; ++at) ++lines;
  assert_int_equal(lines, 4);
  for (const char* word : {"xxx", "ATOMRT_MAX_THREADS=many: ", "ATOMRT_RING_ENTRIES=0: ", "STATS_INTERVAL=now: "}) {
    assert_non_null(strstr(outcome.messages, word));
  }
}

void nothing_set_is_the_defaults(void**) { becomes({}, DEFAULTS); }

void empty_values_are_the_defaults(void**) {
  becomes({"ATOMRT_CONTEXTS=", "ATOMRT_MAX_THREADS=", "ATOMRT_STATS=", "ATOMRT_STATS_INTERVAL=", "ATOMRT_VERBOSE="},
          DEFAULTS);
}

void contexts_are_those_named(void**) {
  becomes({"ATOMRT_CONTEXTS=head,threads"}, "head=1 waiter=0 direct=0 ring=0 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_CONTEXTS=waiter"}, "head=0 waiter=1 direct=0 ring=0 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_CONTEXTS=threads"}, "head=0 waiter=0 direct=0 ring=0 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_CONTEXTS=threads,waiter,head"},
          "head=1 waiter=1 direct=0 ring=0 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_CONTEXTS=head,direct,ring,waiter"}, DEFAULTS);  // threads can't be done without
  becomes({"ATOMRT_CONTEXTS=direct"}, "head=0 waiter=0 direct=1 ring=0 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_CONTEXTS=ring"}, "head=0 waiter=0 direct=0 ring=1 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_CONTEXTS=head,"}, "head=1 waiter=0 direct=0 ring=0 threads=0 stats=- interval=0 verbose=0 early=0 same=1\n");
}

// Named, the ring is tried also where that might be dangerous; workers that are not named do what nobody else does.
void the_ring_is_forced_by_its_name(void**) {
  const auto gives = [](const char* variable, const char* settings) { becomes({"UNIT_PRINT_RING=1", variable}, settings); };
  gives("ATOMRT_CONTEXTS=", "ring=1 forced=0 workers=1 entries=256\n");
  gives("ATOMRT_CONTEXTS=ring", "ring=1 forced=1 workers=0 entries=256\n");
  gives("ATOMRT_CONTEXTS=head,ring,threads", "ring=1 forced=1 workers=1 entries=256\n");
  gives("ATOMRT_CONTEXTS=head,threads", "ring=0 forced=0 workers=1 entries=256\n");
  gives("ATOMRT_CONTEXTS=head", "ring=0 forced=0 workers=0 entries=256\n");
}

void the_order_is_any_or_that_of_the_calls(void**) {
  becomes({"UNIT_PRINT_ORDER=1"}, "calls=0\n");
  becomes({"UNIT_PRINT_ORDER=1", "ATOMRT_ORDER="}, "calls=0\n");
  becomes({"UNIT_PRINT_ORDER=1", "ATOMRT_ORDER=any"}, "calls=0\n");
  becomes({"UNIT_PRINT_ORDER=1", "ATOMRT_ORDER=calls"}, "calls=1\n");
  for (const char* variable : {"ATOMRT_ORDER=call", "ATOMRT_ORDER=CALLS", "ATOMRT_ORDER=1"}) {
    is_refused(variable, "neither calls nor any");
  }
}

void the_rings_size_is_a_number_within_its_limits(void**) {
  const auto gives = [](const char* variable, const char* settings) { becomes({"UNIT_PRINT_RING=1", variable}, settings); };
  gives("ATOMRT_RING_ENTRIES=1", "ring=1 forced=0 workers=1 entries=1\n");
  gives("ATOMRT_RING_ENTRIES=4", "ring=1 forced=0 workers=1 entries=4\n");
  gives("ATOMRT_RING_ENTRIES=4096", "ring=1 forced=0 workers=1 entries=4096\n");
  gives("ATOMRT_RING_ENTRIES=", "ring=1 forced=0 workers=1 entries=256\n");
  for (const char* variable : {"ATOMRT_RING_ENTRIES=0", "ATOMRT_RING_ENTRIES=4097", "ATOMRT_RING_ENTRIES=4k",
                               "ATOMRT_RING_ENTRIES=-4"}) {
    is_refused(variable);
  }
}

void unknown_contexts_are_refused_as_a_whole(void**) {
  for (const char* variable : {"ATOMRT_CONTEXTS=heads", "ATOMRT_CONTEXTS=hea", "ATOMRT_CONTEXTS=threads,rings",
                               "ATOMRT_CONTEXTS=,", "ATOMRT_CONTEXTS=head threads", "ATOMRT_CONTEXTS=HEAD"}) {
    is_refused(variable, KNOWN_CONTEXTS);
  }
}

void numbers_are_taken_within_their_limits(void**) {
  becomes({"ATOMRT_MAX_THREADS=1"}, "head=1 waiter=1 direct=1 ring=1 threads=1 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_MAX_THREADS=10000"}, "head=1 waiter=1 direct=1 ring=1 threads=10000 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_MAX_THREADS=007"}, "head=1 waiter=1 direct=1 ring=1 threads=7 stats=- interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_STATS_INTERVAL=86400"},
          "head=1 waiter=1 direct=1 ring=1 threads=0 stats=- interval=86400 verbose=0 early=0 same=1\n");
}

void what_is_no_number_within_the_limits_is_refused(void**) {
  for (const char* variable :
       {"ATOMRT_MAX_THREADS=0", "ATOMRT_MAX_THREADS=10001", "ATOMRT_MAX_THREADS=-1", "ATOMRT_MAX_THREADS=+1",
        "ATOMRT_MAX_THREADS=4x", "ATOMRT_MAX_THREADS= 4", "ATOMRT_MAX_THREADS=1e3", "ATOMRT_STATS_INTERVAL=0",
        "ATOMRT_STATS_INTERVAL=86401", "ATOMRT_MAX_THREADS=18446744073709551617",
        "ATOMRT_MAX_THREADS=100000000000000000000000000000000000000001"}) {
    is_refused(variable);
  }
}

void statistics_name_their_file(void**) {
  becomes({"ATOMRT_STATS=/tmp/%p.txt"},
          "head=1 waiter=1 direct=1 ring=1 threads=0 stats=/tmp/%p.txt interval=0 verbose=0 early=0 same=1\n");
  becomes({"ATOMRT_STATS=stderr"}, "head=1 waiter=1 direct=1 ring=1 threads=0 stats=stderr interval=0 verbose=0 early=0 same=1\n");
}

void a_trace_needs_the_name_of_a_file(void**) {
  for (const char* variable : {"ATOMRT_TRACE=yes", "ATOMRT_TRACE=1"}) is_refused(variable, "not the name of a file");
  for (const char* variable : {"ATOMRT_TRACE=no", "ATOMRT_TRACE=", "ATOMRT_TRACE=/tmp/trace"}) becomes({variable}, DEFAULTS);
}

void statistics_are_turned_on_and_off_by_a_word(void**) {
  for (const char* word : {"1", "yes", "true", "on", "YES"}) {
    char variable[32];
    snprintf(variable, sizeof variable, "ATOMRT_STATS=%s", word);
    becomes({variable}, "head=1 waiter=1 direct=1 ring=1 threads=0 stats=stderr interval=0 verbose=0 early=0 same=1\n");
  }
  for (const char* word : {"0", "no", "false", "off"}) {
    char variable[32];
    snprintf(variable, sizeof variable, "ATOMRT_STATS=%s", word);
    becomes({variable}, DEFAULTS);
  }
}

// Programs write over their environment: the setting is a copy, of at most a path's length.
void a_statistics_name_longer_than_a_path_is_refused(void**) {
  static char variable[8000] = "ATOMRT_STATS=/";
  memset(variable + strlen(variable), 'x', 4000);
  assert_non_null(strstr(run_with({variable}).settings, " stats=/xxx"));
  memset(variable + strlen(variable), 'x', 200);
  const Outcome outcome = run_with({variable, "UNIT_FIRST_REQUEST=1"});
  assert_string_equal(outcome.settings, DEFAULTS);
  assert_non_null(strstr(outcome.messages, "atomrt: ignoring ATOMRT_STATS"));
}

void counters_are_turned_on_by_a_word_or_name_their_file(void**) {
  const auto gives = [](const char* variable, const char* settings) {
    becomes({"UNIT_PRINT_COUNTERS=1", variable}, settings);
  };
  gives("ATOMRT_COUNTERS=", "counts=0 file=- json=0\n");
  gives("ATOMRT_COUNTERS=off", "counts=0 file=- json=0\n");
  gives("ATOMRT_COUNTERS=1", "counts=1 file=- json=0\n");
  gives("ATOMRT_COUNTERS=/dev/shm/x.%p", "counts=1 file=/dev/shm/x.%p json=0\n");
  gives("ATOMRT_STATS=1", "counts=1 file=- json=0\n");
  becomes({"UNIT_PRINT_COUNTERS=1", "UNIT_SECURE=1", "ATOMRT_COUNTERS=/dev/shm/x"}, "counts=0 file=- json=0\n");
}

void the_format_of_statistics_is_text_or_json(void**) {
  becomes({"UNIT_PRINT_COUNTERS=1", "ATOMRT_STATS_FORMAT=json"}, "counts=0 file=- json=1\n");
  becomes({"UNIT_PRINT_COUNTERS=1", "ATOMRT_STATS_FORMAT=text"}, "counts=0 file=- json=0\n");
  for (const char* variable : {"ATOMRT_STATS_FORMAT=JSON", "ATOMRT_STATS_FORMAT=prometheus"}) {
    is_refused(variable, "neither text nor json");
  }
}

void a_trace_has_a_file_and_a_limit(void**) {
  const auto gives = [](const char* variable, const char* settings) {
    becomes({"UNIT_PRINT_TRACE=1", variable}, settings);
  };
  gives("ATOMRT_TRACE=", "trace=- limit=268435456\n");
  gives("ATOMRT_TRACE=no", "trace=- limit=268435456\n");
  gives("ATOMRT_TRACE=trace.json", "trace=trace.json limit=268435456\n");
  gives("ATOMRT_TRACE_LIMIT=", "trace=- limit=268435456\n");
  gives("ATOMRT_TRACE_LIMIT=64K", "trace=- limit=65536\n");
  gives("ATOMRT_TRACE_LIMIT=2g", "trace=- limit=2147483648\n");
  gives("ATOMRT_TRACE_LIMIT=1T", "trace=- limit=1099511627776\n");
  for (const char* variable : {"ATOMRT_TRACE_LIMIT=65535", "ATOMRT_TRACE_LIMIT=2T", "ATOMRT_TRACE_LIMIT=no",
                               "ATOMRT_TRACE_LIMIT=1.5M", "ATOMRT_TRACE_LIMIT=0"}) {
    is_refused(variable, "not a size from 64K to 1T");
  }
}

void verbose_is_anything_but_a_no(void**) {
  becomes({"ATOMRT_VERBOSE=1"}, "head=1 waiter=1 direct=1 ring=1 threads=0 stats=- interval=0 verbose=1 early=1 same=1\n");
  becomes({"ATOMRT_VERBOSE=yes"}, "head=1 waiter=1 direct=1 ring=1 threads=0 stats=- interval=0 verbose=1 early=1 same=1\n");
  becomes({"ATOMRT_VERBOSE=0"}, DEFAULTS);
  becomes({"ATOMRT_VERBOSE=off"}, DEFAULTS);
}

void a_secure_process_obeys_no_variable(void**) {
  becomes({"UNIT_SECURE=1", "ATOMRT_CONTEXTS=threads", "ATOMRT_MAX_THREADS=7", "ATOMRT_STATS=/tmp/file",
           "ATOMRT_STATS_INTERVAL=1", "ATOMRT_VERBOSE=1"},
          DEFAULTS);
}

}  // namespace

#define main run_the_tests
UNIT_TESTS(cmocka_unit_test(nothing_set_is_the_defaults), cmocka_unit_test(empty_values_are_the_defaults),
           cmocka_unit_test(the_order_is_any_or_that_of_the_calls),
           cmocka_unit_test(counters_are_turned_on_by_a_word_or_name_their_file),
           cmocka_unit_test(the_format_of_statistics_is_text_or_json), cmocka_unit_test(contexts_are_those_named),
           cmocka_unit_test(the_ring_is_forced_by_its_name),
           cmocka_unit_test(the_rings_size_is_a_number_within_its_limits),
           cmocka_unit_test(unknown_contexts_are_refused_as_a_whole),
           cmocka_unit_test(numbers_are_taken_within_their_limits),
           cmocka_unit_test(what_is_no_number_within_the_limits_is_refused),
           cmocka_unit_test(statistics_name_their_file),
           cmocka_unit_test(a_statistics_name_longer_than_a_path_is_refused),
           cmocka_unit_test(a_trace_has_a_file_and_a_limit), cmocka_unit_test(verbose_is_anything_but_a_no), cmocka_unit_test(the_word_that_is_wrong_is_named),
           cmocka_unit_test(each_wrong_value_has_its_line), cmocka_unit_test(statistics_are_turned_on_and_off_by_a_word),
           cmocka_unit_test(a_trace_needs_the_name_of_a_file),
           cmocka_unit_test(a_secure_process_obeys_no_variable))
#undef main

int main() {
  return getenv("UNIT_PRINT_CONFIG") != nullptr ? print_config() : run_the_tests();
}
