// SPDX-License-Identifier: MIT
/* Pipes or socket pairs with requests that wait on them, and what the process holds meanwhile. One thread opens them; any
 * may feed them. */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include <stdbool.h>
#include <stdint.h>

struct peers {
  unsigned count; /* requests are spread over them in turn: as many as there may be descriptors */
  int (*ends)[2]; /* read from 0, write to 1 */
};

/* Prints what failed and exits 1 unless it holds. */
void require(bool holds, const char *what);

void open_peers(struct peers *peers, unsigned requests, bool sockets);
static inline int peer_of(const struct peers *peers, unsigned request) { return peers->ends[request % peers->count][0]; }
/* One byte for the oldest request that waits on that request's stream. */
void feed(const struct peers *peers, unsigned request);

/* The process's resident anonymous memory, without the kernel's for it. */
double resident_bytes(void);
unsigned threads_now(void);
/* Processor time so far: of this thread, and of all others of the process. */
int64_t own_cpu_ns(void);
int64_t others_cpu_ns(void);
/* This thread, and those that it makes afterwards. */
void stay_on_this_processor(void);
/* Returns when the other threads of the process have had nothing to do for a millisecond. */
void let_settle(void);
/* Voluntary and other context switches of one thread so far. */
uint64_t context_switches_of(int thread);
bool is_asleep(int thread);

#endif
