/* SPDX-License-Identifier: MIT */
/* probe: measures one workload with one engine and prints one JSON object. bench/compare runs it. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cost.h"
#include "lists.h"
#include "streams.h"
#include "trips.h"
#include "workload.h"

enum { TIME_LIMIT_SECONDS = 60 };

enum mode { LOOP, COST, STREAMS, LISTS, TRIPS };

static const char *const MODES[] = {"loop", "cost", "streams", "lists", "trips", NULL};
static const char *const CACHES[] = {"cached", "uncached", "direct", NULL};
static const char *const WAITINGS[] = {"suspend", "poll", "signal", "thread", "lio_wait", "lio_nowait", NULL};

static const struct option OPTIONS[] = {
    {"mode", required_argument, NULL, 'm'},    {"engine", required_argument, NULL, 'e'},
    {"cache", required_argument, NULL, 'c'},   {"waiting", required_argument, NULL, 'w'},
    {"writes", required_argument, NULL, 'p'},  {"depth", required_argument, NULL, 'd'},
    {"block", required_argument, NULL, 'b'},   {"span", required_argument, NULL, 's'},
    {"seconds", required_argument, NULL, 't'}, {"seed", required_argument, NULL, 'r'},
    {"sync", required_argument, NULL, 'y'},    {"blocked", required_argument, NULL, 'n'},
    {"streams", required_argument, NULL, 'k'}, {"rounds", required_argument, NULL, 'o'},
    {"requests", required_argument, NULL, 'q'}, {"one-processor", no_argument, NULL, '1'},
    {NULL, 0, NULL, 0}};

static _Noreturn void usage(void) {
  fputs("usage: probe --engine posix|psync|pool|io_uring|libaio [--mode loop|cost] [--cache cached|uncached|direct]\n"
        "             [--waiting suspend|poll|signal|thread|lio_wait|lio_nowait] [--writes PERCENT] [--depth N]\n"
        "             [--block BYTES] [--span BYTES] [--sync WRITES] [--seconds S | --requests N] [--seed N]\n"
        "             FILE... (one a thread)\n"
        "       probe --mode streams --engine posix|io_uring --blocked N [--rounds N] [--streams pipe|socket]\n"
        "       probe --mode lists --engine posix --blocked N\n"
        "       probe --mode trips --engine posix|psync|poll|io_uring|libaio [--streams pipe|socket] [--one-processor]\n"
        "             [--seconds S | --requests N]\n",
        stderr);
  exit(2);
}

static unsigned choose(const char *const *names, const char *name) {
  for (unsigned i = 0; names[i] != NULL; i++)
    if (strcmp(names[i], name) == 0) return i;
  usage();
}

static uint64_t number(const char *text, uint64_t least, uint64_t most) {
  char *end;
  const unsigned long long value = strtoull(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < least || value > most) usage();
  return value;
}

static void print_outcome(const struct workload *workload, const struct outcome *outcome) {
  const double rate = (double)outcome->requests / outcome->seconds;
  const double requests = outcome->requests == 0 ? 1 : (double)outcome->requests;
  printf("{\"iops\": %.1f, \"mib_per_second\": %.2f, \"requests\": %llu, \"seconds\": %.4f, "
         "\"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"p99.9_us\": %.2f, "
         "\"cpu_us_per_request\": %.3f, \"context_switches_per_request\": %.3f}\n",
         rate, rate * (double)workload->block_bytes / (1 << 20), (unsigned long long)outcome->requests,
         outcome->seconds, histogram_percentile(&outcome->latency, 0.5) / 1e3,
         histogram_percentile(&outcome->latency, 0.9) / 1e3, histogram_percentile(&outcome->latency, 0.99) / 1e3,
         histogram_percentile(&outcome->latency, 0.999) / 1e3, outcome->cpu_seconds * 1e6 / requests,
         (double)outcome->context_switches / requests);
}

static void print_rounds(const char *name, const double *values) {
  printf("\"%s\": [", name);
  for (int i = 0; i < COST_ROUNDS; i++) printf("%s%.1f", i == 0 ? "" : ", ", values[i]);
  printf("]");
}

static void run_loop(const struct workload *workload) {
  static struct outcome outcome;
  run_workload(workload, &outcome);
  print_outcome(workload, &outcome);
}

static void run_cost(struct workload *workload) {
  struct cost cost;
  workload->cache = CACHED;
  workload->block_bytes = 4096;
  measure_cost(workload, &cost);
  printf("{");
  print_rounds("engine_ns", cost.engine_ns);
  printf(", ");
  print_rounds("pread_ns", cost.pread_ns);
  printf("}\n");
}

static void run_streams(const struct blocked *blocked) {
  struct blocked_outcome outcome = {0};
  measure_blocked(blocked, &outcome);
  printf("{\"submit_ns\": %.1f, \"complete_ns\": %.1f, \"submit_cpu_ns\": %.1f, "
         "\"complete_cpu_ns\": %.1f, \"cancel_ns\": %.1f, \"threads\": %u, "
         "\"bytes_per_request\": %.1f, \"context_switches_per_request\": %.3f, \"streams\": %u}\n",
         outcome.submit_ns, outcome.complete_ns, outcome.submit_cpu_ns, outcome.complete_cpu_ns, outcome.cancel_ns,
         outcome.threads, outcome.bytes_per_request,
         outcome.context_switches_per_completion, outcome.streams);
}

static void run_trips(const struct trips *trips, struct workload *workload) {
  static struct outcome outcome;
  workload->block_bytes = 1;
  if (!measure_trips(trips, workload, &outcome)) usage();
  print_outcome(workload, &outcome);
}

static void run_list(unsigned length) {
  struct list_outcome outcome;
  measure_list(length, &outcome);
  printf("{\"cpu_ns\": %.1f, \"wake_ns\": %.1f, \"pass_ns\": %.1f, \"switches\": %.3f, \"needless_wakes\": %.4f}\n",
         outcome.cpu_ns, outcome.wake_ns, outcome.pass_ns, outcome.switches, outcome.needless_wakes);
}

static void block_signals(void) {
  sigset_t signals;
  sigemptyset(&signals);
  for (int i = 0; i < MOST_WORKERS; i++) sigaddset(&signals, SIGRTMIN + i);
  sigprocmask(SIG_BLOCK, &signals, NULL);
}

int main(int count, char **arguments) {
  struct workload workload = {.workers = 0, .depth = 1, .block_bytes = 4096, .seconds = 0.5, .seed = 1};
  struct blocked blocked = {.count = 0, .sockets = false};
  struct trips trips = {.by = NULL};
  enum mode mode = LOOP;
  int option;
  while ((option = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
    switch (option) {
      case 'm': mode = choose(MODES, optarg); break;
      case 'e': workload.engine = find_engine(trips.by = optarg); break;
      case 'c': workload.cache = choose(CACHES, optarg); break;
      case 'w': workload.waiting = choose(WAITINGS, optarg); break;
      case 'p': workload.write_percent = (unsigned)number(optarg, 0, 100); break;
      case 'd': workload.depth = (unsigned)number(optarg, 1, 65536); break;
      case 'b': workload.block_bytes = number(optarg, 512, 64 << 20); break;
      case 's': workload.span_bytes = number(optarg, 512, UINT64_MAX); break;
      case 'y': workload.sync_every = (unsigned)number(optarg, 1, 65535); break;
      case 'r': workload.seed = number(optarg, 0, UINT64_MAX); break;
      case 'n': blocked.count = (unsigned)number(optarg, 1, 1000000); break;
      case 'o': blocked.rounds = (unsigned)number(optarg, 1, 1000000); break;
      case 'q': workload.requests = number(optarg, 1, UINT64_MAX); break;
      case 'k': trips.sockets = blocked.sockets = strcmp(optarg, "socket") == 0; break;
      case '1': trips.one_processor = true; break;
      case 't': workload.seconds = strtod(optarg, NULL); break;
      default: usage();
    }
  }
  for (; optind < count && workload.workers < MOST_WORKERS; optind++) workload.files[workload.workers++] = arguments[optind];
  if (mode == TRIPS ? trips.by == NULL : workload.engine == NULL) usage();
  if (mode != TRIPS && (mode == STREAMS || mode == LISTS ? blocked.count == 0 : workload.workers == 0)) usage();
  blocked.engine = workload.engine;
  alarm(TIME_LIMIT_SECONDS); /* an engine that hangs ends the run */
  block_signals();
  if (mode == TRIPS) run_trips(&trips, &workload);
  else if (mode == STREAMS) run_streams(&blocked);
  else if (mode == LISTS) run_list(blocked.count);
  else if (mode == COST) run_cost(&workload);
  else run_loop(&workload);
  return 0;
}
