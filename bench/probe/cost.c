/* SPDX-License-Identifier: MIT */
#include "cost.h"

#include <aio.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "target.h"

/* Turns of the two go on for a share of the time; a turn is short, so that both meet the same machine. */
enum { TURN = 500 };

static char buffer[4096] __attribute__((aligned(4096)));

static void require(bool holds, const char *what) {
  if (holds) return;
  perror(what);
  exit(1);
}

/* As a program would write it: no wait where none is needed. */
static void read_with_aio(const struct target *target, off_t offset) {
  static struct aiocb block;
  block.aio_fildes = target->fd;
  block.aio_buf = buffer;
  block.aio_nbytes = sizeof buffer;
  block.aio_offset = offset;
  block.aio_sigevent.sigev_notify = SIGEV_NONE;
  require(aio_read(&block) == 0, "aio_read");
  while (aio_error(&block) == EINPROGRESS) {
    const struct aiocb *const list[] = {&block};
    aio_suspend(list, 1, NULL);
  }
  require(aio_return(&block) == (ssize_t)sizeof buffer, "aio_return");
}

static void read_with_engine(struct session *session, off_t offset) {
  struct slot *done;
  session->slots[0].offset = offset;
  session->engine->submit(session, &session->slots[0]);
  session->engine->collect(session, 1, &done);
  require(done->result == (ssize_t)sizeof buffer, "read");
}

static int64_t take_turn(struct target *target, struct session *session) {
  const int64_t begin = now_ns();
  for (int i = 0; i < TURN; i++) {
    const off_t offset = target_next_offset(target);
    if (session == NULL)
      require(pread(target->fd, buffer, sizeof buffer, offset) == (ssize_t)sizeof buffer, "pread");
    else if (session->engine == &posix_engine)
      read_with_aio(target, offset);
    else
      read_with_engine(session, offset);
  }
  return now_ns() - begin;
}

void measure_cost(const struct workload *workload, struct cost *cost) {
  struct target target;
  struct slot slot = {.operation = READ, .buffer = buffer, .bytes = sizeof buffer};
  struct session session = {.engine = workload->engine, .depth = 1, .waiting = SUSPEND, .slots = &slot};
  if (target_open(&target, workload, 0) != 0) exit(1);
  slot.fd = target.fd;
  errno = session.engine->set_up(&session);
  require(errno == 0, session.engine->name);
  for (int round = 0; round < COST_ROUNDS; round++) {
    const int64_t end = now_ns() + (int64_t)(workload->seconds * 1e9 / COST_ROUNDS);
    int64_t engine_ns = 0;
    int64_t pread_ns = 0;
    int turns = 0;
    for (; turns == 0 || now_ns() < end; turns++) {
      pread_ns += take_turn(&target, NULL);
      engine_ns += take_turn(&target, &session);
    }
    cost->engine_ns[round] = (double)engine_ns / turns / TURN;
    cost->pread_ns[round] = (double)pread_ns / turns / TURN;
  }
  session.engine->tear_down(&session);
  target_close(&target);
}
