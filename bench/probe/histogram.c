/* SPDX-License-Identifier: MIT */
#include "histogram.h"

static unsigned bucket_of(uint64_t value) {
  if (value < SUB_BUCKETS) return (unsigned)value;
  const unsigned exponent = 63u - (unsigned)__builtin_clzll(value);
  const unsigned shift = exponent - 5;
  return (shift + 1) * SUB_BUCKETS + (unsigned)((value >> shift) & (SUB_BUCKETS - 1));
}

static double middle_of(unsigned bucket) {
  if (bucket < SUB_BUCKETS) return bucket;
  const unsigned shift = bucket / SUB_BUCKETS - 1;
  return ((double)(SUB_BUCKETS + bucket % SUB_BUCKETS) + 0.5) * (double)(1ull << shift);
}

void histogram_add(struct histogram *histogram, int64_t nanoseconds) {
  histogram->counts[bucket_of(nanoseconds < 0 ? 0 : (uint64_t)nanoseconds)]++;
  histogram->total++;
}

void histogram_merge(struct histogram *into, const struct histogram *from) {
  for (unsigned i = 0; i < BUCKETS; i++) into->counts[i] += from->counts[i];
  into->total += from->total;
}

double histogram_percentile(const struct histogram *histogram, double share) {
  const double wanted = share * (double)histogram->total;
  uint64_t seen = 0;
  for (unsigned i = 0; i < BUCKETS; i++) {
    seen += histogram->counts[i];
    if (histogram->counts[i] != 0 && (double)seen >= wanted) return middle_of(i);
  }
  return 0;
}
