// SPDX-License-Identifier: MIT
/* What one cached 4 KiB read costs: an engine's against pread's, in turn, in one process and one thread. */
#ifndef BENCH_COST_H
#define BENCH_COST_H

#include "workload.h"

enum { COST_ROUNDS = 5 };

struct cost {
  double engine_ns[COST_ROUNDS];
  double pread_ns[COST_ROUNDS];
};

void measure_cost(const struct workload *workload, struct cost *cost);

#endif
