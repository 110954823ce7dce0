/* SPDX-License-Identifier: MIT */
/* What a worker does, one random act after the other. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* TSan gives up in a child that makes threads; ASan's allocator stays locked in one that was forked while another thread
 * allocated. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
enum { MAY_FORK = false };
#else
enum { MAY_FORK = true };
#endif

static unsigned long share(void) { return plan.requests / plan.workers; }

static struct timespec some_time(struct worker *worker)
{
    return (struct timespec){0, (long)random_below(&worker->random, random_one_in(&worker->random, 3) ? 2000000 : 100000)};
}

/* Without timeout only where one is sure to end. A cancel by another worker may be what ends it. */
static void suspend_some(struct worker *worker)
{
    const struct aiocb *list[OPS];
    int count = 0;
    bool one_must_end = false;
    const bool few = random_one_in(&worker->random, 3);
    for (unsigned i = 0; i < OPS && (!few || count < 2); ++i)
        if (worker->ops[i].state == FLYING) {
            list[count++] = &worker->ops[i].block;
            one_must_end |= worker->ops[i].must_end;
        }
    if (count == 0)
        return;
    const struct timespec timeout = some_time(worker);
    const bool forever = one_must_end && !random_one_in(&worker->random, 3);
    if (aio_suspend(list, count, forever ? NULL : &timeout) == 0) {
        for (int i = 0; i < count; ++i)
            if (aio_error(list[i]) != EINPROGRESS)
                return;
        give_up("worker %u: aio_suspend returned, no request had ended", worker->index);
    } else if (errno != EINTR && !(errno == EAGAIN && !forever)) {
        give_up("worker %u: aio_suspend failed with errno %d", worker->index, errno);
    }
}

static void cancel_some(struct worker *worker)
{
    struct op *op = &worker->ops[random_below(&worker->random, OPS)];
    int outcome;
    if (random_one_in(&worker->random, 2)) {
        unsigned file = random_below(&worker->random, SHARED + 2);
        int fd = file < SHARED ? shared_fd[file] : stream_descriptor(worker->streams[file - SHARED], worker->random & 1);
        outcome = aio_cancel(fd, NULL);
        MUST(outcome != -1);
    } else if (op->state == FLYING) {
        outcome = aio_cancel(op->block.aio_fildes, &op->block);
        MUST(outcome != -1);
        if (outcome == AIO_CANCELED && aio_error(&op->block) != ECANCELED)
            give_up("worker %u: aio_cancel said AIO_CANCELED, aio_error %d", worker->index, aio_error(&op->block));
        if (outcome == AIO_ALLDONE && aio_error(&op->block) == EINPROGRESS)
            give_up("worker %u: aio_cancel said AIO_ALLDONE of a request that goes on", worker->index);
    }
}

/* The number gets the same file anew: requests in flight keep the old description. */
static void replace_one(struct worker *worker)
{
    const unsigned file = plan.lone ? 2 : random_below(&worker->random, SHARED);
    const int fd = world_reopen(file);
    MUST(fd != -1);
    MUST(dup3(fd, shared_fd[file], O_CLOEXEC) == shared_fd[file]);
    close(fd);
}

/* Holes make writes slow in the submitter, and let requests go other ways. */
static void punch(struct worker *worker)
{
    const unsigned file = plan.lone ? 2 : random_below(&worker->random, SHARED);
    for (unsigned i = 0; i < REGION; ++i)
        if (worker->readers[file][i] != 0 || worker->writers[file][i] != 0)
            return;
    if (fallocate(shared_fd[file], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)worker->index * REGION * BLOCK,
                  (off_t)REGION * BLOCK) == 0)
        memset(worker->versions[file], 0, sizeof worker->versions[file]);
}

/* The child has none of its parent's requests, and a library that works. */
static void fork_one(struct worker *worker)
{
    int status;
    const pid_t child = MAY_FORK ? fork() : -1;
    if (child == 0) {
        static unsigned char bytes[BLOCK] __attribute__((aligned(4096)));
        struct aiocb block = {.aio_fildes = shared_fd[2 * random_below(&worker->random, 2)],
                              .aio_buf = bytes,
                              .aio_nbytes = BLOCK,
                              .aio_offset = (off_t)worker->index * REGION * BLOCK,
                              .aio_sigevent.sigev_notify = SIGEV_NONE};
        const struct aiocb *list[] = {&block};
        if (aio_read(&block) != 0)
            _exit(errno == EAGAIN ? 0 : 2);
        while (aio_error(&block) == EINPROGRESS)
            aio_suspend(list, 1, NULL);
        _exit(aio_error(&block) == 0 && aio_return(&block) == BLOCK ? 0 : 3);
    }
    if (child == -1)
        return;
    while (waitpid(child, &status, 0) == -1)
        MUST(errno == EINTR);
    if (status != 0)
        give_up("worker %u: a child ended with status %x", worker->index, status);
}

static void submit_some(struct worker *worker)
{
    struct op *op = worker->in_flight < plan.depth ? op_find_idle(worker) : NULL;
    if (op == NULL) {
        suspend_some(worker);
    } else if (plan.uses_streams && random_one_in(&worker->random, 6)) {
        struct stream *stream = worker->streams[random_below(&worker->random, 2)];
        op_prepare(worker, op, stream_descriptor(stream, false), BY_NOTHING);
        stream_submit(worker, op, stream);
    } else if (op_choose(worker, op, false)) {
        op_submit(worker, op);
    }
}

/* Worker 0 has one O_DIRECT request at a time; the others sync and cancel beside it. */
static void act_lone(struct worker *worker)
{
    struct op *op = &worker->ops[0];
    if (worker->index == 0) {
        if (op->state != IDLE)
            suspend_some(worker);
        else if (random_one_in(&worker->random, 200))
            punch(worker);
        else if (op_choose(worker, op, true))
            op_submit(worker, op);
    } else if (worker->index == 1 && op->state == IDLE) {
        op_prepare(worker, op, shared_fd[2], BY_NOTHING);
        op->kind = KIND_SYNC;
        op->file = 2;
        if (op_submit(worker, op) && random_one_in(&worker->random, 2))
            aio_cancel(shared_fd[2], &op->block);
    } else if (worker->index == 1) {
        suspend_some(worker);
    } else if (plan.replaces && random_one_in(&worker->random, 4)) {
        replace_one(worker);
    } else {
        aio_cancel(shared_fd[2], NULL);
        atomic_fetch_add(&worker->made, random_one_in(&worker->random, 8));  /* it makes no requests, and comes to its end */
    }
}

static void act(struct worker *worker)
{
    const unsigned throw = random_below(&worker->random, 1000);
    if (throw < 550)
        submit_some(worker);
    else if (throw < 750)
        suspend_some(worker);
    else if (throw < 750 + plan.cancel_weight)
        cancel_some(worker);
    else if (throw < 920)
        list_submit(worker);
    else if (throw < 940 && plan.replaces)
        replace_one(worker);
    else if (throw < 950)
        punch(worker);
    else if (throw < 970 && plan.interrupts)
        interrupt_one(&worker->random);
    else if (throw < 972 && plan.forks)
        fork_one(worker);
}

static void finish(struct worker *worker)
{
    for (unsigned i = 0; i < 2; ++i)
        stream_drain(worker, worker->streams[i]);
    for (bool all = false; !all;) {
        all = op_harvest_all(worker) == 0;
        for (unsigned i = 0; i < OPS; ++i)
            all &= worker->ops[i].state == IDLE;
        for (unsigned i = 0; i < MOST_GROUPS; ++i)
            all &= !worker->groups[i].in_use;
        if (!all)
            usleep(100);
    }
    atomic_store(&worker->is_done, true);
}

/* A thread may leave its requests in flight to a successor. */
void *worker_run(void *argument)
{
    struct worker *worker = argument;
    interrupt_allow(worker);
    while (worker->made < share()) {
        if (plan.exits && random_one_in(&worker->random, 300)) {
            interrupt_allow(NULL);
            MUST(pthread_create(&worker->thread, NULL, worker_run, worker) == 0);
            pthread_detach(pthread_self());
            return NULL;
        }
        op_harvest_all(worker);
        if (plan.lone)
            act_lone(worker);
        else
            act(worker);
        atomic_fetch_add(&worker->steps, 1);
    }
    finish(worker);
    pthread_detach(pthread_self());
    return NULL;
}
