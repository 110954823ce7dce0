// SPDX-License-Identifier: MIT
/* aio_suspend on long lists of reads that wait on pipes, of which one at a time completes; beside it, threads that wait
 * for other requests: what a call costs, and which threads are woken. */
#ifndef BENCH_LISTS_H
#define BENCH_LISTS_H

struct list_outcome {
  double cpu_ns;          /* of the waiting thread, for one call that sleeps and is woken: median */
  double wake_ns;         /* from the peer's write to the end of the call: median */
  double pass_ns;         /* one pass of aio_error over the list */
  double switches;        /* of the waiting thread, for one call */
  double needless_wakes;  /* of one of the others, for one completion that is not theirs */
};

void measure_list(unsigned length, struct list_outcome *outcome);

#endif
