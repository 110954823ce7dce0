/* SPDX-License-Identifier: MIT */
/* This thread asks for a byte in one of several ways, sends one, and waits for the answer. Another thread answers each
 * byte by plain read and write, so that its part costs every rival the same. */
#include "trips.h"

#include <aio.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "peers.h"

enum { WARM_UP = 500 };

struct line {
  int in, out;
};

struct trip {
  struct line mine, others;
  char byte;
  struct aiocb block;         /* posix */
  struct session session;     /* io_uring */
  struct slot slot, *done[1];
  aio_context_t context;      /* libaio */
  struct iocb poll;
};

struct way {
  const char *name;
  void (*prepare)(struct trip *trip);
  void (*ask)(struct trip *trip); /* before the byte is sent */
  void (*await)(struct trip *trip);
};

static void nothing(struct trip *trip) { (void)trip; }

static void ask_posix(struct trip *trip) {
  trip->block = (struct aiocb){.aio_fildes = trip->mine.in, .aio_buf = &trip->byte, .aio_nbytes = 1};
  trip->block.aio_sigevent.sigev_notify = SIGEV_NONE;
  require(aio_read(&trip->block) == 0, "aio_read");
}

static void await_posix(struct trip *trip) {
  const struct aiocb *const list[] = {&trip->block};
  while (aio_error(&trip->block) == EINPROGRESS) aio_suspend(list, 1, NULL);
  require(aio_return(&trip->block) == 1, "the answer");
}

static void read_plainly(struct trip *trip) { require(read(trip->mine.in, &trip->byte, 1) == 1, "the answer"); }

static void poll_and_read(struct trip *trip) {
  struct pollfd in = {.fd = trip->mine.in, .events = POLLIN};
  require(poll(&in, 1, -1) == 1, "poll");
  read_plainly(trip);
}

static void prepare_libaio(struct trip *trip) {
  require(syscall(SYS_io_setup, 1, &trip->context) == 0, "io_setup");
  trip->poll = (struct iocb){.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = (unsigned)trip->mine.in, .aio_buf = POLLIN};
}

static void ask_libaio(struct trip *trip) {
  struct iocb *polls[] = {&trip->poll};
  require(syscall(SYS_io_submit, trip->context, 1, polls) == 1, "io_submit");
}

static void await_libaio(struct trip *trip) {
  struct io_event event;
  require(syscall(SYS_io_getevents, trip->context, 1, 1, &event, NULL) == 1, "io_getevents");
  read_plainly(trip);
}

static void prepare_io_uring(struct trip *trip) {
  trip->slot = (struct slot){.operation = READ, .fd = trip->mine.in, .buffer = &trip->byte, .bytes = 1};
  trip->session = (struct session){.engine = &io_uring_engine, .depth = 1, .slots = &trip->slot};
  errno = io_uring_engine.set_up(&trip->session);
  require(errno == 0, "io_uring");
}

static void ask_io_uring(struct trip *trip) {
  io_uring_engine.submit(&trip->session, &trip->slot);
  io_uring_engine.collect(&trip->session, 0, trip->done);
}

static void await_io_uring(struct trip *trip) {
  require(io_uring_engine.collect(&trip->session, 1, trip->done) == 1 && trip->slot.result == 1, "the answer");
}

static const struct way WAYS[] = {
    {"posix", nothing, ask_posix, await_posix},         {"psync", nothing, nothing, read_plainly},
    {"poll", nothing, nothing, poll_and_read},          {"libaio", prepare_libaio, ask_libaio, await_libaio},
    {"io_uring", prepare_io_uring, ask_io_uring, await_io_uring},
};

static const struct way *find_way(const char *name) {
  for (size_t i = 0; i < sizeof WAYS / sizeof *WAYS; i++)
    if (strcmp(WAYS[i].name, name) == 0) return &WAYS[i];
  return NULL;
}

/* Until its peer closes. */
static void *answer(void *argument) {
  const struct line *line = argument;
  char byte;
  while (read(line->in, &byte, 1) == 1) require(write(line->out, &byte, 1) == 1, "write");
  return NULL;
}

static void connect_lines(struct trip *trip, bool sockets) {
  int there[2], back[2];
  if (sockets) {
    require(socketpair(AF_UNIX, SOCK_STREAM, 0, there) == 0, "socketpair");
    trip->mine = (struct line){there[0], there[0]};
    trip->others = (struct line){there[1], there[1]};
    return;
  }
  require(pipe(there) == 0 && pipe(back) == 0, "pipe");
  trip->mine = (struct line){back[0], there[1]};
  trip->others = (struct line){there[0], back[1]};
}

static void make_trip(struct trip *trip, const struct way *way) {
  way->ask(trip);
  require(write(trip->mine.out, "x", 1) == 1, "write");
  way->await(trip);
}

bool measure_trips(const struct trips *trips, const struct workload *workload, struct outcome *outcome) {
  static struct trip trip;
  const struct way *way = find_way(trips->by);
  pthread_t other;
  if (way == NULL) return false;
  if (trips->one_processor) stay_on_this_processor(); /* the other thread inherits it */
  connect_lines(&trip, trips->sockets);
  require(pthread_create(&other, NULL, answer, &trip.others) == 0, "pthread_create");
  way->prepare(&trip);
  for (int i = 0; i < WARM_UP; i++) make_trip(&trip, way);
  add_usage(outcome, -1);
  const int64_t begin = now_ns();
  const int64_t end = begin + (int64_t)(workload->seconds * 1e9);
  int64_t now = begin;
  while (workload->requests != 0 ? outcome->requests < workload->requests : now < end) {
    const int64_t before = now;
    make_trip(&trip, way);
    now = now_ns();
    histogram_add(&outcome->latency, now - before);
    outcome->requests++;
  }
  outcome->seconds = (double)(now - begin) / 1e9;
  add_usage(outcome, 1);
  if (trips->sockets) shutdown(trip.mine.out, SHUT_WR);
  else close(trip.mine.out);
  pthread_join(other, NULL);
  return true;
}
