/* SPDX-License-Identifier: MIT */
/* io_uring by hand: one ring for each submitting thread, submissions batched with the wait for completions. The kernel is
 * told that one thread owns the ring where it knows what to do with that (6.1 and later). */
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>

#include "engine.h"

struct uring {
  struct io_uring ring;
  bool has_sync; /* among what is in flight */
};

static int set_up(struct session *session) {
  struct uring *self = session->state = calloc(1, sizeof *self);
  if (self == NULL) return ENOMEM;
  struct io_uring *ring = &self->ring;
  unsigned entries = 1;
  while (entries < session->depth) entries *= 2;
  if (entries > 32768) entries = 32768;
  struct io_uring_params parameters = {.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                                                IORING_SETUP_CQSIZE,
                                       .cq_entries = entries > 32768 / 2 ? 65536 : 2 * entries};
  int error = io_uring_queue_init_params(entries, ring, &parameters);
  if (error == -EINVAL) error = io_uring_queue_init(entries, ring, 0);
  if (error < 0) free(self);
  return -error;
}

static void submit(struct session *session, struct slot *slot) {
  struct uring *self = session->state;
  struct io_uring *ring = &self->ring;
  struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
  if (sqe == NULL) {
    io_uring_submit(ring);
    sqe = io_uring_get_sqe(ring);
  }
  const unsigned bytes = (unsigned)slot->bytes;
  const unsigned long long offset = (unsigned long long)slot->offset;
  switch (slot->operation) {
    case READ:
      io_uring_prep_read(sqe, slot->fd, slot->buffer, bytes, offset);
      break;
    case WRITE:
      io_uring_prep_write(sqe, slot->fd, slot->buffer, bytes, offset);
      break;
    case SYNC: /* after all that was submitted before it */
      io_uring_prep_fsync(sqe, slot->fd, 0);
      sqe->flags |= IOSQE_IO_DRAIN;
      self->has_sync = true;
      break;
  }
  io_uring_sqe_set_data(sqe, slot);
}

/* With deferred task work the kernel looks at completions only when there are as many as are waited for; a drained
 * request starts only after that look. Waiting for both at once would never end. */
static unsigned to_wait_for(struct uring *self, unsigned missing) {
  if (!self->has_sync || missing < 2) return missing;
  self->has_sync = false;
  return missing - 1;
}

static unsigned collect(struct session *session, unsigned least, struct slot **done) {
  struct uring *self = session->state;
  struct io_uring *ring = &self->ring;
  unsigned count = 0;
  do {
    const int error = io_uring_submit_and_wait(ring, to_wait_for(self, least - count));
    if (error < 0 && error != -EINTR) abort();
    struct io_uring_cqe *cqe;
    unsigned head;
    unsigned seen = 0;
    io_uring_for_each_cqe(ring, head, cqe) {
      struct slot *slot = io_uring_cqe_get_data(cqe);
      slot->result = cqe->res;
      done[count++] = slot;
      seen++;
    }
    io_uring_cq_advance(ring, seen);
  } while (count < least);
  return count;
}

static void tear_down(struct session *session) {
  struct uring *self = session->state;
  io_uring_queue_exit(&self->ring);
  free(self);
}

const struct engine io_uring_engine = {"io_uring", set_up, submit, collect, tear_down};
