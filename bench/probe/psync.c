/* SPDX-License-Identifier: MIT */
/* psync: each request is done at once by pread, pwrite or fsync in the submitting thread. */
#include <errno.h>
#include <stdlib.h>

#include "engine.h"

struct psync {
  unsigned count;
  struct slot *done[];
};

static int set_up(struct session *session) {
  session->state = calloc(1, sizeof(struct psync) + session->depth * sizeof(struct slot *));
  return session->state == NULL ? ENOMEM : 0;
}

static void submit(struct session *session, struct slot *slot) {
  struct psync *self = session->state;
  slot->result = perform_plainly(slot);
  self->done[self->count++] = slot;
}

static unsigned collect(struct session *session, unsigned least, struct slot **done) {
  struct psync *self = session->state;
  (void)least;
  const unsigned count = self->count;
  for (unsigned i = 0; i < count; i++) done[i] = self->done[i];
  self->count = 0;
  return count;
}

static void tear_down(struct session *session) { free(session->state); }

const struct engine psync_engine = {"psync", set_up, submit, collect, tear_down};
