/* SPDX-License-Identifier: MIT */
#include "streams.h"

#include <aio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "peers.h"

/* The first round makes threads and takes memory, and is left out of the times. */
enum {
  MOST_COMPLETED = 1000,
  REQUESTS_OF_A_FIGURE = 5000,
  LEAST_ROUNDS = 3,
  MOST_ROUNDS = 300
};

struct field {
  const struct blocked *blocked;
  struct peers peers;
  struct aiocb *blocks; /* posix */
  struct slot *slots;   /* the others, with session and done */
  struct slot **done;
  struct session session;
  char *bytes;
};

struct times {
  double submit_ns, complete_ns, submit_cpu_ns, complete_cpu_ns, cancel_ns, context_switches;
};

static bool is_posix(const struct field *field) { return field->blocked->engine == &posix_engine; }

static void submit(struct field *field, unsigned i) {
  if (is_posix(field)) {
    require(aio_read(&field->blocks[i]) == 0, "aio_read");
  } else {
    field->slots[i].fd = peer_of(&field->peers, i);
    field->blocked->engine->submit(&field->session, &field->slots[i]);
  }
}

static void submit_range(struct field *field, unsigned first, unsigned end) {
  for (unsigned i = first; i < end; i++) submit(field, i);
  if (!is_posix(field)) field->blocked->engine->collect(&field->session, 0, field->done);
}

static void wait_for(struct aiocb *block) {
  const struct aiocb *const list[] = {block};
  while (aio_error(block) == EINPROGRESS) aio_suspend(list, 1, NULL);
}

static void complete(struct field *field, unsigned i) {
  feed(&field->peers, i);
  if (is_posix(field)) {
    wait_for(&field->blocks[i]);
    require(aio_return(&field->blocks[i]) == 1, "a blocked read");
  } else {
    require(field->blocked->engine->collect(&field->session, 1, field->done) == 1 && field->done[0]->result == 1,
            "a blocked read");
  }
}

static void cancel_range(struct field *field, unsigned first, unsigned end) {
  if (!is_posix(field)) { /* by hand there is one way: fed, or taken away with the ring */
    for (unsigned i = first; i < end; i++) feed(&field->peers, i);
    for (unsigned left = end - first; left > 0;) left -= field->blocked->engine->collect(&field->session, 1, field->done);
    return;
  }
  for (unsigned i = 0; i < field->peers.count; i++) {
    /* glibc cannot take back what a thread reads already: let it have its byte. */
    if (aio_cancel(field->peers.ends[i][0], NULL) == AIO_NOTCANCELED) feed(&field->peers, i);
  }
  for (unsigned i = first; i < end; i++) wait_for(&field->blocks[i]);
}

static uint64_t context_switches(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)(usage.ru_nvcsw + usage.ru_nivcsw);
}

struct stretch {
  int64_t ns, cpu_ns;
};

static void submit_timed(struct field *field, unsigned first, unsigned end, struct stretch *spent) {
  const int64_t begin = now_ns(), cpu_before = own_cpu_ns();
  submit_range(field, first, end);
  spent->cpu_ns += own_cpu_ns() - cpu_before;
  spent->ns += now_ns() - begin;
}

static struct times run_round(struct field *field, struct blocked_outcome *outcome) {
  const unsigned count = field->blocked->count;
  const unsigned completed = count < MOST_COMPLETED ? count : MOST_COMPLETED;
  const unsigned tenth = count / 10;
  struct times times;
  const int64_t others_before = others_cpu_ns();
  struct stretch submitting = {0, 0};
  submit_timed(field, 0, tenth, &submitting);
  if (outcome != NULL) let_settle();
  const double before = outcome != NULL ? resident_bytes() : 0;
  submit_timed(field, tenth, count, &submitting);
  let_settle();
  times.submit_ns = (double)submitting.ns / count;
  times.submit_cpu_ns = (double)(submitting.cpu_ns + others_cpu_ns() - others_before) / count;
  if (outcome != NULL) {
    outcome->bytes_per_request = (resident_bytes() - before) / (count - tenth);
    outcome->threads = threads_now() - 1;
  }
  const uint64_t switches = context_switches();
  const int64_t cpu_before = own_cpu_ns() + others_cpu_ns();
  int64_t begin = now_ns();
  for (unsigned i = 0; i < completed; i++) complete(field, i);
  times.complete_ns = (double)(now_ns() - begin) / completed;
  times.complete_cpu_ns = (double)(own_cpu_ns() + others_cpu_ns() - cpu_before) / completed;
  times.context_switches = (double)(context_switches() - switches) / completed;
  begin = now_ns();
  if (completed < count) cancel_range(field, completed, count);
  times.cancel_ns = completed < count ? (double)(now_ns() - begin) / (count - completed) : 0;
  if (completed < count) let_settle();
  return times;
}

static void open_field(struct field *field) {
  const struct blocked *blocked = field->blocked;
  const unsigned count = blocked->count;
  open_peers(&field->peers, count, blocked->sockets);
  field->bytes = malloc(count);
  field->blocks = calloc(count, sizeof *field->blocks);
  field->slots = calloc(count, sizeof *field->slots);
  field->done = calloc(count, sizeof *field->done);
  require(field->bytes != NULL && field->blocks != NULL && field->slots != NULL && field->done != NULL, "memory");
  memset(field->bytes, 1, count);
  for (unsigned i = 0; i < count; i++) { /* all written: resident before the first request */
    field->blocks[i].aio_fildes = peer_of(&field->peers, i);
    field->blocks[i].aio_buf = &field->bytes[i];
    field->blocks[i].aio_nbytes = 1;
    field->blocks[i].aio_sigevent.sigev_notify = SIGEV_NONE;
    field->slots[i] = (struct slot){.operation = READ, .buffer = &field->bytes[i], .bytes = 1};
    field->done[i] = &field->slots[i];
  }
  if (is_posix(field)) return;
  field->session = (struct session){.engine = blocked->engine, .depth = count, .slots = field->slots};
  errno = blocked->engine->set_up(&field->session);
  require(errno == 0, blocked->engine->name);
}

static int by_value(const void *one, const void *other) {
  const double difference = *(const double *)one - *(const double *)other;
  return difference < 0 ? -1 : difference > 0;
}

static double median(double *values, unsigned count) {
  qsort(values, count, sizeof *values, by_value);
  return values[count / 2];
}

/* Rounds for others to count what they do: without a clock. */
static void run_bare_rounds(struct field *field, struct blocked_outcome *outcome) {
  const unsigned count = field->blocked->count, rounds = field->blocked->rounds;
  const uint64_t switches = context_switches();
  for (unsigned round = 0; round < rounds; round++) {
    submit_range(field, 0, count);
    for (unsigned i = 0; i < count; i++) complete(field, i);
  }
  outcome->context_switches_per_completion = (double)(context_switches() - switches) / rounds / count;
}

static unsigned rounds_of(const struct blocked *blocked) {
  const unsigned wanted = REQUESTS_OF_A_FIGURE / blocked->count;
  return wanted < LEAST_ROUNDS ? LEAST_ROUNDS : wanted < MOST_ROUNDS ? wanted : MOST_ROUNDS;
}

void measure_blocked(const struct blocked *blocked, struct blocked_outcome *outcome) {
  static struct field field;
  static double submit_ns[MOST_ROUNDS], complete_ns[MOST_ROUNDS], cancel_ns[MOST_ROUNDS], switches[MOST_ROUNDS];
  static double submit_cpu_ns[MOST_ROUNDS], complete_cpu_ns[MOST_ROUNDS];
  const unsigned rounds = rounds_of(blocked);
  field.blocked = blocked;
  /* This thread feeds and waits, one of the library's reads. Whether they have one processor or two is the scheduler's
   * choice, changes from run to run, and costs several times more than all else: waking an idle processor of a virtual
   * machine takes some 20 us. They have one, so that runs can be compared. */
  stay_on_this_processor();
  open_field(&field);
  outcome->streams = field.peers.count;
  if (blocked->rounds != 0) {
    run_bare_rounds(&field, outcome);
    return;
  }
  run_round(&field, outcome);
  for (unsigned i = 0; i < rounds; i++) {
    const struct times times = run_round(&field, NULL);
    submit_ns[i] = times.submit_ns;
    complete_ns[i] = times.complete_ns;
    submit_cpu_ns[i] = times.submit_cpu_ns;
    complete_cpu_ns[i] = times.complete_cpu_ns;
    cancel_ns[i] = times.cancel_ns;
    switches[i] = times.context_switches;
  }
  outcome->submit_ns = median(submit_ns, rounds);
  outcome->complete_ns = median(complete_ns, rounds);
  outcome->submit_cpu_ns = median(submit_cpu_ns, rounds);
  outcome->complete_cpu_ns = median(complete_cpu_ns, rounds);
  outcome->cancel_ns = median(cancel_ns, rounds);
  outcome->context_switches_per_completion = median(switches, rounds);
}
