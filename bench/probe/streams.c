#include "streams.h"

#include <aio.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum { MOST_COMPLETED = 1000, SPARE_DESCRIPTORS = 64 };

struct streams {
  unsigned count; /* requests are spread over them in turn */
  int (*ends)[2]; /* read from 0, write to 1 */
};

static void require(bool holds, const char *what) {
  if (holds) return;
  perror(what);
  exit(1);
}

/* As many descriptors as may be had, and are needed. */
static unsigned descriptors(unsigned wanted) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < wanted) {
    const struct rlimit raised = {wanted, wanted};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return wanted;
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_max < wanted ? (unsigned)limit.rlim_max : wanted;
}

static void open_streams(struct streams *streams, const struct blocked *blocked) {
  const unsigned most = (descriptors(2 * blocked->count + SPARE_DESCRIPTORS) - SPARE_DESCRIPTORS) / 2;
  streams->count = blocked->count < most ? blocked->count : most;
  streams->ends = calloc(streams->count, sizeof *streams->ends);
  require(streams->ends != NULL, "memory");
  for (unsigned i = 0; i < streams->count; i++) {
    int *ends = streams->ends[i];
    if (blocked->sockets)
      require(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    else
      require(pipe(ends) == 0, "pipe");
  }
}

static double resident_bytes(void) {
  unsigned long long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  require(file != NULL && fscanf(file, "%*s %llu", &pages) == 1, "/proc/self/statm");
  fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static unsigned threads(void) {
  char line[256];
  unsigned count = 0;
  FILE *file = fopen("/proc/self/status", "re");
  require(file != NULL, "/proc/self/status");
  while (fgets(line, sizeof line, file) != NULL) sscanf(line, "Threads: %u", &count);
  fclose(file);
  return count;
}

static void feed(const struct streams *streams, unsigned request) {
  require(write(streams->ends[request % streams->count][1], "x", 1) == 1, "write");
}

static void wait_for(struct aiocb *block) {
  const struct aiocb *const list[] = {block};
  while (aio_error(block) == EINPROGRESS) aio_suspend(list, 1, NULL);
  require(aio_return(block) == 1, "a blocked read");
}

static double cancel_all(const struct streams *streams, struct aiocb *blocks, unsigned first, unsigned count) {
  const int64_t begin = now_ns();
  for (unsigned i = 0; i < streams->count; i++)
    if (aio_cancel(streams->ends[i][0], NULL) == AIO_NOTCANCELED) {
      /* glibc cannot take back what a thread reads already: let it have its byte. */
      feed(streams, i);
    }
  for (unsigned i = first; i < count; i++) {
    const struct aiocb *const list[] = {&blocks[i]};
    while (aio_error(&blocks[i]) == EINPROGRESS) aio_suspend(list, 1, NULL);
  }
  return count == first ? 0 : (double)(now_ns() - begin) / (count - first);
}

static void measure_posix(const struct blocked *blocked, struct streams *streams, unsigned completed,
                          struct blocked_outcome *outcome) {
  struct aiocb *blocks = malloc(blocked->count * sizeof *blocks);
  char *bytes = malloc(blocked->count);
  require(blocks != NULL && bytes != NULL, "memory");
  memset(bytes, 1, blocked->count);
  memset(blocks, 0, blocked->count * sizeof *blocks);
  for (unsigned i = 0; i < blocked->count; i++) {
    blocks[i].aio_fildes = streams->ends[i % streams->count][0];
    blocks[i].aio_buf = &bytes[i];
    blocks[i].aio_nbytes = 1;
    blocks[i].aio_sigevent.sigev_notify = SIGEV_NONE;
  }
  const double before = resident_bytes();
  const int64_t begin = now_ns();
  for (unsigned i = 0; i < blocked->count; i++) require(aio_read(&blocks[i]) == 0, "aio_read");
  const int64_t submitted = now_ns();
  outcome->bytes_per_request = (resident_bytes() - before) / blocked->count;
  outcome->threads = threads() - 1;
  const int64_t begin_feeding = now_ns();
  for (unsigned i = 0; i < completed; i++) {
    feed(streams, i);
    wait_for(&blocks[i]);
  }
  outcome->complete_ns = (double)(now_ns() - begin_feeding) / completed;
  outcome->submit_ns = (double)(submitted - begin) / blocked->count;
  outcome->cancel_ns = cancel_all(streams, blocks, completed, blocked->count);
}

static void measure_engine(const struct blocked *blocked, struct streams *streams, unsigned completed,
                           struct blocked_outcome *outcome) {
  struct slot *slots = calloc(blocked->count, sizeof *slots);
  struct slot **done = calloc(blocked->count, sizeof *done);
  char *bytes = calloc(blocked->count, 1);
  require(slots != NULL && done != NULL && bytes != NULL, "memory");
  struct session session = {.engine = blocked->engine, .depth = blocked->count, .slots = slots};
  errno = blocked->engine->set_up(&session);
  require(errno == 0, blocked->engine->name);
  const double before = resident_bytes();
  const int64_t begin = now_ns();
  for (unsigned i = 0; i < blocked->count; i++) {
    slots[i] = (struct slot){.operation = READ, .fd = streams->ends[i % streams->count][0], .buffer = &bytes[i], .bytes = 1};
    blocked->engine->submit(&session, &slots[i]);
  }
  blocked->engine->collect(&session, 0, done);
  const int64_t submitted = now_ns();
  outcome->bytes_per_request = (resident_bytes() - before) / blocked->count;
  outcome->threads = threads() - 1;
  for (unsigned i = 0; i < completed; i++) {
    feed(streams, i);
    require(blocked->engine->collect(&session, 1, done) == 1 && done[0]->result == 1, "a blocked read");
  }
  outcome->complete_ns = (double)(now_ns() - submitted) / completed;
  outcome->submit_ns = (double)(submitted - begin) / blocked->count;
  const int64_t begin_closing = now_ns();
  blocked->engine->tear_down(&session);
  outcome->cancel_ns = (double)(now_ns() - begin_closing) / blocked->count;
}

void measure_blocked(const struct blocked *blocked, struct blocked_outcome *outcome) {
  struct streams streams;
  open_streams(&streams, blocked);
  const unsigned completed = blocked->count < MOST_COMPLETED ? blocked->count : MOST_COMPLETED;
  if (blocked->engine == &posix_engine)
    measure_posix(blocked, &streams, completed, outcome);
  else
    measure_engine(blocked, &streams, completed, outcome);
}
