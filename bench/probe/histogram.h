// SPDX-License-Identifier: MIT
/* Latencies in nanoseconds, in buckets 3 % wide; one writer. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { SUB_BUCKETS = 32, BUCKETS = 60 * SUB_BUCKETS };

struct histogram {
  uint64_t total;
  uint64_t counts[BUCKETS];
};

void histogram_add(struct histogram *histogram, int64_t nanoseconds);
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The latency that a share (0 to 1) of all does not exceed, in nanoseconds. */
double histogram_percentile(const struct histogram *histogram, double share);

#endif
