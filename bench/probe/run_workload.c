/* SPDX-License-Identifier: MIT */
/* The closed loop: each worker keeps `depth` requests in flight until its time is up. A worker owns its session, its
 * target and its outcome; the workers meet at two barriers only, around the measured time. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "target.h"
#include "workload.h"

struct worker {
  const struct workload *workload;
  pthread_barrier_t *barrier;
  unsigned number;
  struct session session;
  struct target target;
  struct slot **done;
  struct slot *synchronised; /* the slot that syncs, where the workload does */
  uint64_t random;
  struct outcome outcome;
};

static void require(bool holds, const char *what, int error) {
  if (holds) return;
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  exit(1);
}

static enum operation choose_operation(struct worker *worker) {
  const unsigned percent = worker->workload->write_percent;
  if (percent == 0 || percent == 100) return percent == 0 ? READ : WRITE;
  worker->random = worker->random * 6364136223846793005ull + 1442695040888963407ull;
  return (worker->random >> 33) % 100 < percent ? WRITE : READ;
}

static void start(struct worker *worker, struct slot *slot, int64_t now) {
  slot->begun_ns = now;
  if (slot != worker->synchronised) {
    slot->operation = choose_operation(worker);
    slot->offset = target_next_offset(&worker->target);
  }
  worker->session.engine->submit(&worker->session, slot);
}

static void check(const struct slot *slot) {
  const ssize_t wanted = slot->operation == SYNC ? 0 : (ssize_t)slot->bytes;
  if (slot->result == wanted) return;
  if (slot->result < 0) require(false, "a request failed", (int)-slot->result);
  fprintf(stderr, "a request moved %zd of %zu bytes\n", slot->result, slot->bytes);
  exit(1);
}

static void start_all(struct worker *worker, int64_t now) {
  for (unsigned i = 0; i < worker->session.depth; i++) start(worker, &worker->session.slots[i], now);
}

/* Lists, and writes with a sync after them, are submitted and awaited as a whole. */
static bool is_batched(const struct workload *workload) {
  return workload->waiting == LIST_WAIT || workload->waiting == LIST_NOWAIT || workload->sync_every != 0;
}

static unsigned collect(struct worker *worker, unsigned in_flight) {
  struct session *session = &worker->session;
  const unsigned least = is_batched(worker->workload) ? in_flight : 1;
  const unsigned count = session->engine->collect(session, least, worker->done);
  for (unsigned i = 0; i < count; i++) check(worker->done[i]);
  return count;
}

/* The time it takes to drop the cache again is taken out of the measured time. */
static int64_t drop_cache_again(struct worker *worker) {
  const int64_t begin = now_ns();
  target_drop_cache(&worker->target);
  return now_ns() - begin;
}

static bool is_over(const struct worker *worker, int64_t spent_ns) {
  const struct workload *workload = worker->workload;
  if (workload->requests != 0) return worker->outcome.requests >= workload->requests;
  return spent_ns >= (int64_t)(workload->seconds * 1e9);
}

static void loop(struct worker *worker) {
  struct outcome *outcome = &worker->outcome;
  int64_t begin = now_ns();
  start_all(worker, begin);
  for (;;) {
    const unsigned count = collect(worker, worker->session.depth);
    const int64_t now = now_ns();
    for (unsigned i = 0; i < count; i++) {
      if (worker->done[i] == worker->synchronised) continue;
      histogram_add(&outcome->latency, now - worker->done[i]->begun_ns);
      outcome->requests++;
    }
    if (is_over(worker, now - begin)) {
      outcome->seconds = (double)(now - begin) / 1e9;
      for (unsigned left = worker->session.depth - count; left > 0;) left -= collect(worker, left);
      return;
    }
    if (target_is_used_up(&worker->target)) begin += drop_cache_again(worker);
    if (is_batched(worker->workload)) {
      start_all(worker, now);
    } else {
      for (unsigned i = 0; i < count; i++) start(worker, worker->done[i], now);
    }
  }
}

static void prepare(struct worker *worker) {
  const struct workload *workload = worker->workload;
  struct session *session = &worker->session;
  const unsigned depth = workload->sync_every != 0 ? workload->sync_every + 1 : workload->depth;
  if (target_open(&worker->target, workload, worker->number) != 0) exit(1);
  *session = (struct session){.engine = workload->engine, .number = worker->number, .depth = depth,
                              .waiting = workload->waiting};
  session->slots = calloc(depth, sizeof *session->slots);
  worker->done = calloc(depth, sizeof *worker->done);
  char *buffers = aligned_alloc(4096, depth * workload->block_bytes);
  require(session->slots != NULL && worker->done != NULL && buffers != NULL, "memory", ENOMEM);
  memset(buffers, 0x5a, depth * workload->block_bytes);
  for (unsigned i = 0; i < depth; i++)
    session->slots[i] = (struct slot){.fd = worker->target.fd, .buffer = buffers + i * workload->block_bytes,
                                      .bytes = workload->block_bytes};
  if (workload->sync_every != 0) {
    worker->synchronised = &session->slots[depth - 1];
    worker->synchronised->operation = SYNC;
  }
  worker->random = workload->seed + worker->number;
  const int error = session->engine->set_up(session);
  require(error == 0, session->engine->name, error);
}

static void clean_up(struct worker *worker) {
  worker->session.engine->tear_down(&worker->session);
  target_settle(&worker->target);
  target_close(&worker->target);
  free(worker->session.slots[0].buffer);
  free(worker->session.slots);
  free(worker->done);
}

void add_usage(struct outcome *outcome, int sign) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  outcome->cpu_seconds += sign * cpu;
  outcome->context_switches += (uint64_t)(sign * (usage.ru_nvcsw + usage.ru_nivcsw));
}

static void *work(void *argument) {
  struct worker *worker = argument;
  prepare(worker);
  pthread_barrier_wait(worker->barrier);
  if (worker->number == 0) add_usage(&worker->outcome, -1);
  loop(worker);
  pthread_barrier_wait(worker->barrier);
  if (worker->number == 0) add_usage(&worker->outcome, 1);
  clean_up(worker);
  return NULL;
}

void run_workload(const struct workload *workload, struct outcome *outcome) {
  static struct worker workers[MOST_WORKERS];
  pthread_t threads[MOST_WORKERS];
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, workload->workers);
  for (unsigned i = 0; i < workload->workers; i++) {
    workers[i] = (struct worker){.workload = workload, .barrier = &barrier, .number = i};
    /* The first works on this thread: one submitting thread is a program with one thread. */
    if (i > 0) require(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "pthread_create", EAGAIN);
  }
  work(&workers[0]);
  for (unsigned i = 1; i < workload->workers; i++) pthread_join(threads[i], NULL);
  for (unsigned i = 0; i < workload->workers; i++) {
    outcome->requests += workers[i].outcome.requests;
    outcome->cpu_seconds += workers[i].outcome.cpu_seconds;
    outcome->context_switches += workers[i].outcome.context_switches;
    if (workers[i].outcome.seconds > outcome->seconds) outcome->seconds = workers[i].outcome.seconds;
    histogram_merge(&outcome->latency, &workers[i].outcome.latency);
  }
}
