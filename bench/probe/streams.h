/* Many reads blocked on pipes or socket pairs: what one more costs, what one completion costs, and what they hold. */
#ifndef BENCH_STREAMS_H
#define BENCH_STREAMS_H

#include "engine.h"

struct blocked {
  const struct engine *engine; /* posix or io_uring */
  unsigned count;
  bool sockets;
};

struct blocked_outcome {
  double submit_ns;
  double complete_ns;       /* from the peer's write to the end of the wait for that request */
  double cancel_ns;         /* the rest is cancelled */
  double bytes_per_request; /* the process's memory beyond the requests themselves, kernel's excluded */
  unsigned threads;
};

void measure_blocked(const struct blocked *blocked, struct blocked_outcome *outcome);

#endif
