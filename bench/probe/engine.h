// SPDX-License-Identifier: MIT
/* One way to do asynchronous I/O, behind one small interface. An engine serves one session: one submitting thread that
 * keeps up to `depth` slots in flight. submit() may only note the slot; collect() must then start what was noted. Nothing
 * here is shared between threads, except where an engine says so itself. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum operation { READ, WRITE, SYNC };

/* How POSIX AIO learns of completions; by-hand engines have one way only. LISTS are submitted and awaited whole. */
enum waiting { SUSPEND, POLL, SIGNAL, THREAD, LIST_WAIT, LIST_NOWAIT };

struct slot {
  enum operation operation;
  int fd;
  void *buffer;
  size_t bytes;
  off_t offset;
  int64_t begun_ns;
  ssize_t result; /* bytes, or -errno */
};

struct session {
  const struct engine *engine;
  unsigned number; /* of the submitting thread, from 0 */
  unsigned depth;
  enum waiting waiting;
  struct slot *slots; /* depth of them */
  void *state;        /* the engine's own */
};

struct engine {
  const char *name;
  /* 0 or errno. */
  int (*set_up)(struct session *session);
  void (*submit)(struct session *session, struct slot *slot);
  /* Waits until at least `least` of the slots in flight are complete; fills `done` with those that are. */
  unsigned (*collect)(struct session *session, unsigned least, struct slot **done);
  void (*tear_down)(struct session *session);
};

extern const struct engine posix_engine;
extern const struct engine psync_engine;
extern const struct engine pool_engine;
extern const struct engine io_uring_engine;
extern const struct engine libaio_engine;

const struct engine *find_engine(const char *name);

/* The slot's operation as a plain call: bytes, or -errno. */
ssize_t perform_plainly(const struct slot *slot);

static inline unsigned slot_index(const struct session *session, const struct slot *slot) {
  return (unsigned)(slot - session->slots);
}

#endif
