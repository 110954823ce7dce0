/* SPDX-License-Identifier: MIT */
/* pool: plain calls on a pool of threads, what a program without asynchronous I/O would do. One thread per slot, up to
 * MOST_THREADS; one mutex guards both queues. A sync waits until all that was taken before it is done. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine.h"

enum { MOST_THREADS = 64 };

struct pool {
  pthread_mutex_t mutex;
  pthread_cond_t work, idle, finished;
  unsigned first_queued, queued; /* ring of slots to do */
  unsigned done_count, running, threads;
  bool is_closing;
  struct slot **done;
  struct slot **queue;
  pthread_t ids[MOST_THREADS];
  unsigned depth;
};

static void take_and_do(struct pool *self) {
  struct slot *slot = self->queue[self->first_queued];
  self->first_queued = (self->first_queued + 1) % self->depth;
  self->queued--;
  while (slot->operation == SYNC && self->running > 0) pthread_cond_wait(&self->idle, &self->mutex);
  self->running++;
  pthread_mutex_unlock(&self->mutex);
  slot->result = perform_plainly(slot);
  pthread_mutex_lock(&self->mutex);
  self->running--;
  pthread_cond_broadcast(&self->idle);
  self->done[self->done_count++] = slot;
  pthread_cond_signal(&self->finished);
}

static void *work(void *argument) {
  struct pool *self = argument;
  pthread_mutex_lock(&self->mutex);
  for (;;) {
    while (self->queued == 0 && !self->is_closing) pthread_cond_wait(&self->work, &self->mutex);
    if (self->queued == 0) break;
    take_and_do(self);
  }
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}

static void tear_down(struct session *session) {
  struct pool *self = session->state;
  pthread_mutex_lock(&self->mutex);
  self->is_closing = true;
  pthread_cond_broadcast(&self->work);
  pthread_mutex_unlock(&self->mutex);
  for (unsigned i = 0; i < self->threads; i++) pthread_join(self->ids[i], NULL);
  free(self->done);
  free(self->queue);
  free(self);
}

static int set_up(struct session *session) {
  struct pool *self = session->state = calloc(1, sizeof *self);
  if (self == NULL) return ENOMEM;
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->work, NULL);
  pthread_cond_init(&self->idle, NULL);
  pthread_cond_init(&self->finished, NULL);
  self->depth = session->depth;
  self->done = calloc(session->depth, sizeof *self->done);
  self->queue = calloc(session->depth, sizeof *self->queue);
  if (self->done == NULL || self->queue == NULL) return ENOMEM;
  const unsigned wanted = session->depth < MOST_THREADS ? session->depth : MOST_THREADS;
  for (; self->threads < wanted; self->threads++) {
    const int error = pthread_create(&self->ids[self->threads], NULL, work, self);
    if (error != 0) {
      tear_down(session);
      return error;
    }
  }
  return 0;
}

static void submit(struct session *session, struct slot *slot) {
  struct pool *self = session->state;
  pthread_mutex_lock(&self->mutex);
  self->queue[(self->first_queued + self->queued++) % self->depth] = slot;
  pthread_cond_signal(&self->work);
  pthread_mutex_unlock(&self->mutex);
}

static unsigned collect(struct session *session, unsigned least, struct slot **done) {
  struct pool *self = session->state;
  pthread_mutex_lock(&self->mutex);
  while (self->done_count < least) pthread_cond_wait(&self->finished, &self->mutex);
  const unsigned count = self->done_count;
  for (unsigned i = 0; i < count; i++) done[i] = self->done[i];
  self->done_count = 0;
  pthread_mutex_unlock(&self->mutex);
  return count;
}

const struct engine pool_engine = {"pool", set_up, submit, collect, tear_down};
