/* SPDX-License-Identifier: MIT */
/* Kernel AIO by hand, with libaio: submissions are collected and go down in one io_submit before each wait. */
#include <errno.h>
#include <libaio.h>
#include <stdlib.h>

#include "engine.h"

struct libaio {
  io_context_t context;
  struct iocb *blocks;      /* one for each slot */
  struct iocb **to_submit;
  unsigned count;           /* in to_submit */
  unsigned in_flight;
  struct slot **done;       /* completed before the caller asked: those a sync waited for */
  unsigned done_count;
  struct io_event *events;
};

static void tear_down(struct session *session) {
  struct libaio *self = session->state;
  if (self->context != NULL) io_destroy(self->context);
  free(self->blocks);
  free(self->to_submit);
  free(self->done);
  free(self->events);
  free(self);
}

static int set_up(struct session *session) {
  struct libaio *self = session->state = calloc(1, sizeof *self);
  if (self == NULL) return ENOMEM;
  const unsigned depth = session->depth;
  self->blocks = calloc(depth, sizeof *self->blocks);
  self->to_submit = calloc(depth, sizeof *self->to_submit);
  self->done = calloc(depth, sizeof *self->done);
  self->events = calloc(depth, sizeof *self->events);
  int error = ENOMEM;
  if (self->blocks != NULL && self->to_submit != NULL && self->done != NULL && self->events != NULL)
    error = -io_setup((int)depth, &self->context);
  if (error != 0) tear_down(session);
  return error;
}

static void start_noted(struct libaio *self) {
  unsigned begun = 0;
  while (begun < self->count) {
    const int taken = io_submit(self->context, self->count - begun, self->to_submit + begun);
    if (taken <= 0) abort();
    begun += (unsigned)taken;
  }
  self->in_flight += begun;
  self->count = 0;
}

static void wait_for(struct session *session, unsigned least) {
  struct libaio *self = session->state;
  start_noted(self);
  if (least > self->in_flight) least = self->in_flight;
  const int got = io_getevents(self->context, least, session->depth, self->events, NULL);
  if (got < 0 && got != -EINTR) abort();
  for (int i = 0; i < got; i++) {
    struct slot *slot = self->events[i].data;
    slot->result = (ssize_t)(long)self->events[i].res;
    self->done[self->done_count++] = slot;
    self->in_flight--;
  }
}

static void submit(struct session *session, struct slot *slot) {
  struct libaio *self = session->state;
  struct iocb *block = &self->blocks[slot_index(session, slot)];
  switch (slot->operation) {
    case READ:
      io_prep_pread(block, slot->fd, slot->buffer, slot->bytes, slot->offset);
      break;
    case WRITE:
      io_prep_pwrite(block, slot->fd, slot->buffer, slot->bytes, slot->offset);
      break;
    case SYNC: /* kernel AIO keeps no order: what is to be on the disk must be complete */
      while (self->count + self->in_flight > 0) wait_for(session, self->count + self->in_flight);
      io_prep_fsync(block, slot->fd);
      break;
  }
  block->data = slot;
  self->to_submit[self->count++] = block;
}

static unsigned collect(struct session *session, unsigned least, struct slot **done) {
  struct libaio *self = session->state;
  while (self->done_count < least) wait_for(session, least - self->done_count);
  const unsigned count = self->done_count;
  for (unsigned i = 0; i < count; i++) done[i] = self->done[i];
  self->done_count = 0;
  return count;
}

const struct engine libaio_engine = {"libaio", set_up, submit, collect, tear_down};
