/* SPDX-License-Identifier: MIT */
/* One request: chosen, submitted, and held against the model when it has ended. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { MOST_ROUNDS = 300 };  /* of the watch, each with a write and a sync of its own */

struct op *op_find_idle(struct worker *worker)
{
    const unsigned start = random_below(&worker->random, OPS);
    for (unsigned i = 0; i < OPS; ++i)
        if (worker->ops[(start + i) % OPS].state == IDLE)
            return &worker->ops[(start + i) % OPS];
    return NULL;
}

void op_prepare(struct worker *worker, struct op *op, int fd, enum notice notice)
{
    atomic_fetch_add(&op->generation, 1);
    atomic_store(&op->notified, 0);
    op->notice = notice;
    op->group = NULL;
    op->must_end = true;
    op->blocks = 0;
    memset(&op->block, random_one_in(&worker->random, 2) ? 0 : 0xa5, sizeof op->block);
    op->block.aio_fildes = fd;
    op->block.aio_buf = op->buffer;
    op->block.aio_reqprio = 0;
    op->block.aio_nbytes = 0;
    op->block.aio_offset = 0;
    notice_ask(&op->block.aio_sigevent, notice, worker, (unsigned)(op - worker->ops), op->generation);
}

static bool may_use(const struct worker *worker, unsigned file, unsigned first, unsigned blocks, bool writes)
{
    for (unsigned i = first; i < first + blocks; ++i)
        if (worker->writers[file][i] != 0 || (writes && worker->readers[file][i] != 0))
            return false;
    return true;
}

static void mark(struct worker *worker, const struct op *op, int by)
{
    unsigned char *in_use = (op->kind == KIND_WRITE ? worker->writers : worker->readers)[op->file];
    for (unsigned i = op->first; i < op->first + op->blocks; ++i)
        in_use[i] = (unsigned char)(in_use[i] + by);
}

static enum notice some_notice(struct worker *worker)
{
    const unsigned throw = random_below(&worker->random, 20);
    return throw < 12 ? BY_NOTHING : throw < 18 ? BY_SIGNAL : BY_THREAD;
}

static unsigned some_file(struct worker *worker)
{
    for (;;) {
        const unsigned file = random_below(&worker->random, SHARED);
        if (plan.files >> file & 1)
            return file;
    }
}

/* A transfer of blocks that no other request is at, or a sync, or an append. */
bool op_choose(struct worker *worker, struct op *op, bool in_list)
{
    const unsigned file = some_file(worker);
    op_prepare(worker, op, shared_fd[file], some_notice(worker));
    op->file = file;
    if (!in_list && random_below(&worker->random, 100) < plan.sync_weight) {
        op->kind = KIND_SYNC;
        return true;
    }
    if (!plan.lone && random_one_in(&worker->random, 12)) {
        op->kind = KIND_APPEND;
        op->turn = worker->append_turn++;
        op->block.aio_fildes = worker->append_fd;
        op->block.aio_nbytes = RECORD;
        op->block.aio_lio_opcode = LIO_WRITE;
        fill_record(op->buffer, worker->index, op->turn);
        return true;
    }
    const bool writes = random_one_in(&worker->random, 2);
    op->kind = writes ? KIND_WRITE : KIND_READ;
    op->blocks = 1 + random_below(&worker->random, MOST_BLOCKS);
    op->first = random_below(&worker->random, REGION - MOST_BLOCKS);
    if (!may_use(worker, file, op->first, op->blocks, writes))
        return false;
    op->block.aio_nbytes = (size_t)op->blocks * BLOCK;
    op->block.aio_offset = (off_t)(worker->index * REGION + op->first) * BLOCK;
    op->block.aio_lio_opcode = writes ? LIO_WRITE : LIO_READ;
    op->version = ++worker->next_version;
    for (unsigned i = 0; writes && i < op->blocks; ++i)
        fill_block(op->buffer + i * BLOCK, file, worker->index, op->first + i, op->version);
    mark(worker, op, 1);
    return true;
}

/* Before the call: a notification may come before it returns. */
static void take_off(struct worker *worker, struct op *op)
{
    op->round = watch_round;
    op->state = FLYING;
    if (op->notice != BY_NOTHING)
        atomic_fetch_add(&notices_due, 1);
    ++worker->in_flight;
    atomic_fetch_add(&worker->made, 1);
    atomic_fetch_add(&submitted, 1);
}

bool op_took_off(struct worker *worker, struct op *op, int outcome)
{
    if (outcome == 0) {
        if (op->state != FLYING)
            take_off(worker, op);
        return true;
    }
    if (errno != EAGAIN)
        give_up("worker %u: a request was refused with errno %d", worker->index, errno);
    if (op->state == FLYING) {
        op->state = IDLE;
        --worker->in_flight;
        if (op->notice != BY_NOTHING)
            atomic_fetch_sub(&notices_due, 1);
    }
    if (op->blocks != 0)
        mark(worker, op, -1);
    atomic_fetch_add(&refused, 1);
    return false;
}

bool op_submit(struct worker *worker, struct op *op)
{
    take_off(worker, op);
    switch (op->kind) {
        case KIND_READ: return op_took_off(worker, op, aio_read(&op->block));
        case KIND_SYNC:
            return op_took_off(worker, op, aio_fsync(random_one_in(&worker->random, 2) ? O_SYNC : O_DSYNC, &op->block));
        default: return op_took_off(worker, op, aio_write(&op->block));
    }
}

static void check_transfer(struct worker *worker, struct op *op, int error, ssize_t result)
{
    const size_t moved = error == 0 ? (size_t)result : 0;
    if (error == 0 && (moved == 0 || moved > op->block.aio_nbytes))
        give_up("worker %u: a transfer of %zu bytes gave %zd", worker->index, (size_t)op->block.aio_nbytes, result);
    uint32_t *versions = worker->versions[op->file] + op->first;
    for (unsigned i = 0; i * (size_t)BLOCK < moved; ++i) {
        const bool whole = (i + 1) * (size_t)BLOCK <= moved;
        if (op->kind == KIND_WRITE)
            versions[i] = whole ? op->version : (uint32_t)UNKNOWN;
        else if (whole)
            check_block(op->buffer + i * BLOCK, op->file, worker->index, op->first + i, versions[i]);
    }
    mark(worker, op, -1);
}

static void check_end(struct worker *worker, struct op *op, int error, ssize_t result)
{
    if (error == ECANCELED)
        atomic_fetch_add(&cancelled, 1);
    else if (error != 0)
        give_up("worker %u: a request of kind %d on file %u ended with errno %d", worker->index, op->kind, op->file, error);
    if (error != 0 ? result != -1 : result < 0)
        give_up("worker %u: aio_error said %d, aio_return %zd", worker->index, error, result);
    switch (op->kind) {
        case KIND_READ:
        case KIND_WRITE: check_transfer(worker, op, error, result); break;
        case KIND_SYNC: MUST(error != 0 || result == 0); break;
        case KIND_APPEND:
            MUST(error != 0 || result == RECORD);
            worker->append_next += error == 0;
            break;
        default: stream_ended(worker, op, error, result);
    }
}

void op_check_age(struct worker *worker, struct op *op)
{
    if (op->state == FLYING && op->must_end && watch_round - op->round > MOST_ROUNDS &&
        aio_error(&op->block) == EINPROGRESS)
        give_up("worker %u: request %u (kind %d, descriptor %d) never ends", worker->index, (unsigned)(op - worker->ops),
                op->kind, op->block.aio_fildes);
    if (op->state == ENDED && watch_round - op->round > MOST_ROUNDS && op->notified == 0)
        give_up("worker %u: the notification of request %u never comes", worker->index, (unsigned)(op - worker->ops));
}

/* True if the operation is no longer in flight. */
bool op_harvest(struct worker *worker, struct op *op)
{
    if (op->state == FLYING) {
        const int error = aio_error(&op->block);
        if (error == EINPROGRESS) {
            op_check_age(worker, op);
            return false;
        }
        const ssize_t result = aio_return(&op->block);
        check_end(worker, op, error, result);
        --worker->in_flight;
        atomic_fetch_add(&ended, 1);
        op->round = watch_round;
        op->state = ENDED;
    }
    if (op->state == ENDED && (op->notice == BY_NOTHING || op->notified == 1)) {
        op->group = NULL;
        op->state = IDLE;
    }
    if (op->state == ENDED)
        op_check_age(worker, op);
    return true;
}

unsigned op_harvest_all(struct worker *worker)
{
    unsigned flying = 0;
    for (unsigned i = 0; i < OPS; ++i)
        flying += !op_harvest(worker, &worker->ops[i]);
    list_harvest(worker);
    return flying;
}
