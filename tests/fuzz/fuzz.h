// SPDX-License-Identifier: MIT
/* The fuzzer: a random program over <aio.h>, held against a model of what it must do.
 *
 * Each worker thread owns its operations, its blocks of the shared files, and its own streams; so its model needs no lock.
 * Shared by all workers are the descriptors: any worker may sync, cancel or replace any of them at any time. Each request
 * therefore ends with its right result or with ECANCELED, and tells the model which of the two.
 *
 * Every choice comes from the seed. The schedule does not: a seed gives the same program again, not the same interleaving. */
#ifndef FUZZ_H
#define FUZZ_H

#include <aio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    BLOCK = 4096,
    MOST_WORKERS = 6,
    OPS = 48,              /* of a worker */
    REGION = 256,          /* blocks of a worker in each shared file */
    MOST_BLOCKS = 4,       /* of one transfer */
    SHARED = 5,            /* files */
    MOST_GROUPS = 8,       /* of a worker */
    UNKNOWN = 0xffffffff,  /* the version of a block that a cancelled write may have changed */
};

/* What the seed makes of a run. */
struct plan {
    uint64_t seed;
    unsigned long requests;  /* to make, by all workers */
    unsigned workers;
    unsigned depth;          /* operations in flight of a worker, at most */
    bool lone;               /* one worker, one request at a time, on O_DIRECT; the others sync and cancel */
    unsigned files;          /* mask of the shared files in use */
    bool uses_streams, forks, exits, interrupts, replaces;
    unsigned cancel_weight, sync_weight;
};

enum kind { KIND_READ, KIND_WRITE, KIND_SYNC, KIND_APPEND, KIND_STREAM_READ, KIND_STREAM_WRITE };
enum notice { BY_NOTHING, BY_SIGNAL, BY_THREAD };
enum state { IDLE, FLYING, ENDED };  /* ENDED: its notification is still to come */

struct group {
    atomic_uint generation, notified;
    unsigned members;
    enum notice notice;
    bool in_use;
    bool is_ended;
};

struct op {
    struct aiocb block;
    unsigned char *buffer;
    atomic_uint generation, notified;
    _Atomic(enum state) state;
    enum kind kind;
    enum notice notice;
    _Atomic(struct group *) group;
    unsigned file;           /* shared file */
    unsigned first, blocks;  /* within the region */
    uint32_t version;        /* written */
    unsigned long turn;      /* of a stream request or an append */
    unsigned long round;     /* of the watch, when submitted */
    bool must_end;           /* no peer is waited for */
};

struct stream;

struct worker {
    unsigned index;
    uint64_t random;
    struct op *ops;
    struct group groups[MOST_GROUPS];
    uint32_t versions[SHARED][REGION];
    unsigned char readers[SHARED][REGION], writers[SHARED][REGION];  /* of each block, in flight */
    uint32_t next_version;
    int append_fd;
    unsigned long append_turn, append_next;
    struct stream *streams[2];
    atomic_ulong steps;  /* progress, for the watch */
    atomic_ulong made;
    atomic_bool is_done;
    unsigned in_flight;
    pthread_t thread;
};

extern struct plan plan;
extern struct worker workers[MOST_WORKERS];
extern int shared_fd[SHARED];
extern atomic_ulong watch_round, submitted, ended, cancelled, refused, notices_due, notices_seen;

/* random.c */
uint64_t random_next(uint64_t *state);
unsigned random_below(uint64_t *state, unsigned limit);
bool random_one_in(uint64_t *state, unsigned odds);

/* world.c: the files, and what is in them */
void world_open(const char *disk, const char *memory);
void world_check(void);
void world_close(void);
int world_reopen(unsigned file);
bool world_is_direct(unsigned file);
void fill_block(unsigned char *block, unsigned file, unsigned owner, unsigned number, uint32_t version);
void check_block(const unsigned char *block, unsigned file, unsigned owner, unsigned number, uint32_t version);
void append_open(struct worker *worker);
void append_check(struct worker *worker);
enum { RECORD = 512 };
void fill_record(unsigned char *record, unsigned owner, unsigned long turn);

/* notice.c: each notification comes exactly once */
void notice_start(void);
void notice_ask(struct sigevent *event, enum notice notice, struct worker *worker, unsigned number, unsigned generation);
void notice_check_totals(void);
enum { GROUP_NUMBER = 256 };

/* stream.c */
struct stream *stream_make(bool is_socket);
bool stream_submit(struct worker *worker, struct op *op, struct stream *stream);
void stream_ended(struct worker *worker, struct op *op, int error, ssize_t result);
void stream_drain(struct worker *worker, struct stream *stream);
void stream_close(struct stream *stream);
bool stream_is_at_rest(const struct stream *stream);
int stream_descriptor(const struct stream *stream, bool reader);

/* operation.c */
struct op *op_find_idle(struct worker *worker);
void op_prepare(struct worker *worker, struct op *op, int fd, enum notice notice);
bool op_choose(struct worker *worker, struct op *op, bool in_list);
bool op_submit(struct worker *worker, struct op *op);
bool op_took_off(struct worker *worker, struct op *op, int outcome);
bool op_harvest(struct worker *worker, struct op *op);
unsigned op_harvest_all(struct worker *worker);
void op_check_age(struct worker *worker, struct op *op);

/* list.c */
void list_submit(struct worker *worker);
void list_harvest(struct worker *worker);

/* act.c: the worker's program */
void *worker_run(void *worker);

/* interrupt.c: a handler that uses AIO itself */
void interrupt_start(void);
void interrupt_one(uint64_t *random);
void interrupt_allow(struct worker *worker);

/* watch.c */
void watch_until_done(void);
void watch_threads_leave(unsigned descriptors);
long watch_memory(void);
_Noreturn void give_up(const char *form, ...) __attribute__((format(printf, 1, 2)));
unsigned count_entries(const char *folder);
unsigned long private_memory(void);

#define MUST(condition) ((condition) ? (void)0 : give_up("%s:%d: %s (errno %d)", __FILE__, __LINE__, #condition, errno))

#endif
