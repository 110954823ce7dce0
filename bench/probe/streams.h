// SPDX-License-Identifier: MIT
/* Many reads blocked on pipes or socket pairs: what one more costs, what one completion costs, and what they hold. */
#ifndef BENCH_STREAMS_H
#define BENCH_STREAMS_H

#include "engine.h"

struct blocked {
  const struct engine *engine; /* posix or io_uring */
  unsigned count;
  unsigned rounds; /* so many, and no times; 0: as many as a steady figure needs */
  bool sockets;
};

struct blocked_outcome {
  double submit_ns;       /* medians of the rounds */
  double complete_ns;     /* from the peer's write to the end of the wait for that request */
  double submit_cpu_ns;   /* the same in processor time of all threads, which other work on the machine leaves alone */
  double complete_cpu_ns;
  double cancel_ns;       /* for one of the rest */
  double bytes_per_request; /* the process's memory beyond the requests themselves: what the last nine tenths added */
  double context_switches_per_completion; /* of all threads */
  unsigned threads;
  unsigned streams; /* that the requests share */
};

void measure_blocked(const struct blocked *blocked, struct blocked_outcome *outcome);

#endif
