// SPDX-License-Identifier: MIT
/* The file that a worker works on: opened as the workload wants it, its cache state set, its blocks visited in a random
 * order that meets each once before any twice. One thread. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include "workload.h"

struct target {
  int fd;
  enum cache cache;
  uint64_t block_bytes;
  unsigned block_bits; /* the span has 2^block_bits blocks */
  uint64_t next;       /* blocks handed out so far, from the seed on */
  uint64_t first;
};

/* errno and a message on failure. */
int target_open(struct target *target, const struct workload *workload, unsigned worker);
void target_close(struct target *target);
off_t target_next_offset(struct target *target);
/* All blocks of an uncached target were visited: they are in the cache now. */
bool target_is_used_up(const struct target *target);
void target_drop_cache(struct target *target);
/* What was written is brought to the disk, so that the next measurement starts in quiet. */
void target_settle(const struct target *target);

#endif
