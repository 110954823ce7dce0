// SPDX-License-Identifier: MIT
/* A byte there and back over two pipes or a pair of sockets: what a request costs that has to wait for its peer. */
#ifndef BENCH_TRIPS_H
#define BENCH_TRIPS_H

#include "workload.h"

struct trips {
  const char *by;    /* posix, io_uring; psync: a plain read; poll: poll and read; libaio: IOCB_CMD_POLL and read */
  bool sockets;
  bool one_processor; /* else where the scheduler puts the two threads */
};

/* A trip is a request. Returns false where `by` is none of those. */
bool measure_trips(const struct trips *trips, const struct workload *workload, struct outcome *outcome);

#endif
