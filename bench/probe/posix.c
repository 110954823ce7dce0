/* SPDX-License-Identifier: MIT */
/* POSIX AIO, glibc's or whatever is preloaded in its place. Six ways to learn of completions:
 *   SUSPEND, POLL    pass over what is pending with aio_error; sleep in aio_suspend, or spin
 *   SIGNAL           one queued real-time signal a request, fetched with sigwaitinfo by the submitting thread
 *   THREAD           SIGEV_THREAD; the functions hand the slot over under a mutex
 *   LIST_WAIT        lio_listio(LIO_WAIT) with all that was submitted
 *   LIST_NOWAIT      lio_listio(LIO_NOWAIT) with a signal for the list
 * Only THREAD's functions run on other threads; they touch `handed_over` and the semaphore alone. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"

struct ticket { /* what a notification brings back */
  struct posix *state;
  struct slot *slot;
};

struct posix {
  struct aiocb *blocks;   /* one for each slot, as with tickets */
  struct ticket *tickets;
  struct aiocb **list;    /* pending, or to be submitted as a list */
  unsigned count;         /* in list */
  int signal;
  sigset_t signals;       /* that one alone */
  pthread_mutex_t mutex;  /* guards handed_over */
  struct slot **handed_over;
  unsigned handed_count;
  sem_t completed;
};

static void give_up(const char *what) {
  perror(what);
  exit(1);
}

static struct slot *slot_of(const struct session *session, const struct aiocb *block) {
  const struct posix *self = session->state;
  return &session->slots[block - self->blocks];
}

static struct slot *take_result(const struct session *session, struct aiocb *block) {
  struct slot *slot = slot_of(session, block);
  const int error = aio_error(block);
  const ssize_t result = aio_return(block);
  slot->result = error != 0 ? -error : result;
  return slot;
}

static void hand_over(union sigval value) {
  const struct ticket *ticket = value.sival_ptr;
  struct posix *self = ticket->state;
  pthread_mutex_lock(&self->mutex);
  self->handed_over[self->handed_count++] = ticket->slot;
  pthread_mutex_unlock(&self->mutex);
  sem_post(&self->completed);
}

static void tear_down(struct session *session) {
  struct posix *self = session->state;
  free(self->blocks);
  free(self->tickets);
  free(self->list);
  free(self->handed_over);
  free(self);
}

static void prepare_notification(const struct session *session, struct sigevent *event, struct ticket *ticket) {
  event->sigev_notify = SIGEV_NONE;
  event->sigev_value.sival_ptr = ticket;
  if (session->waiting == SIGNAL) {
    event->sigev_notify = SIGEV_SIGNAL;
    event->sigev_signo = ticket->state->signal;
  } else if (session->waiting == THREAD) {
    event->sigev_notify = SIGEV_THREAD;
    event->sigev_notify_function = hand_over;
  }
}

static int set_up(struct session *session) {
  struct posix *self = session->state = calloc(1, sizeof *self);
  if (self == NULL) return ENOMEM;
  const unsigned depth = session->depth;
  self->blocks = calloc(depth, sizeof *self->blocks);
  self->tickets = calloc(depth, sizeof *self->tickets);
  self->list = calloc(depth, sizeof *self->list);
  self->handed_over = calloc(depth, sizeof *self->handed_over);
  if (self->blocks == NULL || self->tickets == NULL || self->list == NULL || self->handed_over == NULL) {
    tear_down(session);
    return ENOMEM;
  }
  self->signal = SIGRTMIN + (int)session->number;
  sigemptyset(&self->signals);
  sigaddset(&self->signals, self->signal);
  pthread_mutex_init(&self->mutex, NULL);
  sem_init(&self->completed, 0, 0);
  for (unsigned i = 0; i < depth; i++) {
    self->tickets[i] = (struct ticket){self, &session->slots[i]};
    prepare_notification(session, &self->blocks[i].aio_sigevent, &self->tickets[i]);
  }
  return 0;
}

static bool is_list(const struct session *session) {
  return session->waiting == LIST_WAIT || session->waiting == LIST_NOWAIT;
}

static void submit(struct session *session, struct slot *slot) {
  struct posix *self = session->state;
  struct aiocb *block = &self->blocks[slot_index(session, slot)];
  block->aio_fildes = slot->fd;
  block->aio_buf = slot->buffer;
  block->aio_nbytes = slot->bytes;
  block->aio_offset = slot->offset;
  block->aio_lio_opcode = slot->operation == READ ? LIO_READ : LIO_WRITE;
  self->list[self->count++] = block;
  if (slot->operation == SYNC) {
    if (aio_fsync(O_SYNC, block) != 0) give_up("aio_fsync");
  } else if (!is_list(session)) {
    if ((slot->operation == READ ? aio_read(block) : aio_write(block)) != 0) give_up("aio_read or aio_write");
  }
}

/* One pass: what is complete leaves the list. */
static unsigned take_completed(struct session *session, struct slot **done) {
  struct posix *self = session->state;
  unsigned taken = 0;
  for (unsigned i = 0; i < self->count;) {
    if (aio_error(self->list[i]) == EINPROGRESS) {
      i++;
    } else {
      done[taken++] = take_result(session, self->list[i]);
      self->list[i] = self->list[--self->count];
    }
  }
  return taken;
}

static unsigned collect_by_looking(struct session *session, unsigned least, struct slot **done) {
  struct posix *self = session->state;
  unsigned count = take_completed(session, done);
  while (count < least) {
    if (session->waiting == SUSPEND) {
      const struct aiocb *const *list = (const struct aiocb *const *)self->list;
      if (aio_suspend(list, (int)self->count, NULL) != 0 && errno != EINTR) give_up("aio_suspend");
    }
    count += take_completed(session, done + count);
  }
  return count;
}

static void *wait_for_signal(struct posix *self) {
  siginfo_t information;
  while (sigwaitinfo(&self->signals, &information) < 0)
    if (errno != EINTR) give_up("sigwaitinfo");
  return information.si_value.sival_ptr;
}

static unsigned collect_signals(struct session *session, unsigned least, struct slot **done) {
  struct posix *self = session->state;
  unsigned count = 0;
  while (count < least) {
    const struct ticket *ticket = wait_for_signal(self);
    done[count++] = take_result(session, &self->blocks[slot_index(session, ticket->slot)]);
  }
  self->count = 0;
  return count;
}

static unsigned collect_handed_over(struct session *session, unsigned least, struct slot **done) {
  struct posix *self = session->state;
  unsigned count = 0;
  while (count < least) {
    while (sem_wait(&self->completed) != 0) continue;
    pthread_mutex_lock(&self->mutex);
    struct slot *slot = self->handed_over[--self->handed_count];
    pthread_mutex_unlock(&self->mutex);
    done[count++] = take_result(session, &self->blocks[slot_index(session, slot)]);
  }
  self->count = 0;
  return count;
}

static unsigned collect_list(struct session *session, struct slot **done) {
  struct posix *self = session->state;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = self->signal};
  const bool is_waiting = session->waiting == LIST_WAIT;
  /* EIO: a request failed, and tells so itself. */
  if (lio_listio(is_waiting ? LIO_WAIT : LIO_NOWAIT, self->list, (int)self->count, is_waiting ? NULL : &event) != 0 &&
      errno != EIO)
    give_up("lio_listio");
  if (!is_waiting) wait_for_signal(self);
  const unsigned count = self->count;
  for (unsigned i = 0; i < count; i++) done[i] = take_result(session, self->list[i]);
  self->count = 0;
  return count;
}

static unsigned collect(struct session *session, unsigned least, struct slot **done) {
  switch (session->waiting) {
    case SIGNAL:
      return collect_signals(session, least, done);
    case THREAD:
      return collect_handed_over(session, least, done);
    case LIST_WAIT:
    case LIST_NOWAIT:
      return collect_list(session, done);
    case SUSPEND:
    case POLL:
      break;
  }
  return collect_by_looking(session, least, done);
}

const struct engine posix_engine = {"posix", set_up, submit, collect, tear_down};
