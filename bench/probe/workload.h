// SPDX-License-Identifier: MIT
/* What is to be measured: a closed loop of requests against files that are there already. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine.h"
#include "histogram.h"

enum cache { CACHED, UNCACHED, DIRECT };

enum { MOST_WORKERS = 16 };

struct workload {
  const struct engine *engine;
  const char *files[MOST_WORKERS]; /* one for each submitting thread; two may be the same */
  unsigned workers;
  enum cache cache;
  enum waiting waiting;
  unsigned write_percent;
  unsigned depth;
  unsigned sync_every; /* so many writes, then a sync of them; 0: never */
  uint64_t block_bytes;
  uint64_t span_bytes; /* of each file; 0: all of it */
  double seconds;
  uint64_t requests; /* so many, for as long as they take; 0: for `seconds` */
  uint64_t seed;
};

struct outcome {
  uint64_t requests; /* completed within the time measured */
  double seconds;
  double cpu_seconds;        /* of all threads of the process, kernel included */
  uint64_t context_switches; /* likewise */
  struct histogram latency;
};

/* Adds what the process has used so far, times `sign`. */
void add_usage(struct outcome *outcome, int sign);

/* Runs it on `workers` threads at once; prints what went wrong and exits 1 if anything does. */
void run_workload(const struct workload *workload, struct outcome *outcome);

#endif
