/* SPDX-License-Identifier: MIT */
#include "lists.h"

#include <aio.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "peers.h"

/* glibc serves twenty requests at a time: those of the others must leave room for some. */
enum { CALLS = 60, OTHERS = 4, LENGTH_OF_OTHERS = 2 };

struct field {
  struct peers peers;
  struct aiocb *blocks;
  const struct aiocb **list; /* the same in a random order */
  unsigned length;
  int thread;                /* that waits for them */
  sem_t wanted;              /* a byte for request `next` */
  unsigned next;
  int64_t fed_ns;            /* written before the byte, read after it */
};

struct other {
  struct field *field;
  unsigned first; /* its requests in the field */
  int thread;
  sem_t begun;
};

static void submit(struct aiocb *block) { require(aio_read(block) == 0, "aio_read"); }

static void open_field(struct field *field, unsigned length, unsigned all) {
  static char byte;
  open_peers(&field->peers, all, false);
  field->length = length;
  field->thread = gettid();
  field->blocks = calloc(all, sizeof *field->blocks);
  field->list = calloc(length, sizeof *field->list);
  require(field->blocks != NULL && field->list != NULL && sem_init(&field->wanted, 0, 0) == 0, "memory");
  for (unsigned i = 0; i < all; i++) {
    field->blocks[i] = (struct aiocb){.aio_fildes = peer_of(&field->peers, i), .aio_buf = &byte, .aio_nbytes = 1,
                                      .aio_sigevent.sigev_notify = SIGEV_NONE};
    submit(&field->blocks[i]);
  }
  uint64_t random = length;
  for (unsigned i = 0; i < length; i++) {
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    const unsigned place = (unsigned)((random >> 33) % (i + 1));
    field->list[i] = field->list[place];
    field->list[place] = &field->blocks[i];
  }
}

/* The peer: writes when the waiting thread sleeps. */
static void *feed_on_demand(void *argument) {
  struct field *field = argument;
  for (;;) {
    while (sem_wait(&field->wanted) != 0) continue;
    if (field->next == field->length) return NULL;
    const struct timespec moment = {0, 20000};
    do nanosleep(&moment, NULL);
    while (!is_asleep(field->thread));
    __atomic_store_n(&field->fed_ns, now_ns(), __ATOMIC_RELEASE);
    feed(&field->peers, field->next);
  }
}

static void *wait_beside(void *argument) {
  struct other *other = argument;
  const struct aiocb *list[LENGTH_OF_OTHERS];
  for (unsigned i = 0; i < LENGTH_OF_OTHERS; i++) list[i] = &other->field->blocks[other->first + i];
  other->thread = gettid();
  sem_post(&other->begun);
  while (aio_error(list[0]) == EINPROGRESS) aio_suspend(list, LENGTH_OF_OTHERS, NULL);
  return NULL;
}

static int by_value(const void *one, const void *other) {
  const double difference = *(const double *)one - *(const double *)other;
  return difference < 0 ? -1 : difference > 0;
}

static double median(double *values) {
  qsort(values, CALLS, sizeof *values, by_value);
  return values[CALLS / 2];
}

/* The oldest request each time: one of a few that glibc's threads have begun. */
static void measure_calls(struct field *field, struct list_outcome *outcome) {
  static double cpu[CALLS], wake[CALLS];
  uint64_t switches = 0;
  for (unsigned i = 0; i < CALLS; i++) {
    struct aiocb *block = &field->blocks[i % field->length];
    field->next = i % field->length;
    sem_post(&field->wanted);
    const uint64_t before = context_switches_of(field->thread);
    const int64_t begin = own_cpu_ns();
    while (aio_error(block) == EINPROGRESS) aio_suspend(field->list, (int)field->length, NULL);
    wake[i] = (double)(now_ns() - __atomic_load_n(&field->fed_ns, __ATOMIC_ACQUIRE));
    cpu[i] = (double)(own_cpu_ns() - begin);
    switches += context_switches_of(field->thread) - before;
    require(aio_return(block) == 1, "a read");
    submit(block);
  }
  outcome->cpu_ns = median(cpu);
  outcome->wake_ns = median(wake);
  outcome->switches = (double)switches / CALLS;
}

static double measure_pass(const struct field *field) {
  enum { PASSES = 20 };
  const int64_t begin = now_ns();
  for (int pass = 0; pass < PASSES; pass++)
    for (unsigned i = 0; i < field->length; i++) require(aio_error(field->list[i]) == EINPROGRESS, "aio_error");
  return (double)(now_ns() - begin) / PASSES;
}

static uint64_t switches_of(const struct other *others) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < OTHERS; i++) sum += context_switches_of(others[i].thread);
  return sum;
}

void measure_list(unsigned length, struct list_outcome *outcome) {
  static struct field field;
  static struct other others[OTHERS];
  pthread_t feeder, threads[OTHERS];
  open_field(&field, length, length + OTHERS * LENGTH_OF_OTHERS);
  for (unsigned i = 0; i < OTHERS; i++) {
    others[i] = (struct other){.field = &field, .first = length + i * LENGTH_OF_OTHERS};
    sem_init(&others[i].begun, 0, 0);
    require(pthread_create(&threads[i], NULL, wait_beside, &others[i]) == 0, "pthread_create");
    while (sem_wait(&others[i].begun) != 0) continue;
  }
  let_settle();
  require(pthread_create(&feeder, NULL, feed_on_demand, &field) == 0, "pthread_create");
  const uint64_t before = switches_of(others);
  measure_calls(&field, outcome);
  outcome->needless_wakes = (double)(switches_of(others) - before) / OTHERS / CALLS;
  outcome->pass_ns = measure_pass(&field);
  field.next = length;
  sem_post(&field.wanted);
  pthread_join(feeder, NULL);
}
