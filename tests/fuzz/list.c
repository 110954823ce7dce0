/* SPDX-License-Identifier: MIT */
/* lio_listio: a few transfers, waited for or notified as one. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

enum { MOST_MEMBERS = 6 };

static struct group *find_idle(struct worker *worker)
{
    for (unsigned i = 0; i < MOST_GROUPS; ++i)
        if (!worker->groups[i].in_use)
            return &worker->groups[i];
    return NULL;
}

/* Its members have begun or failed; those that failed tell so themselves. */
static void check_outcome(struct worker *worker, int outcome, bool waits)
{
    if (outcome == 0 || errno == EIO || errno == EAGAIN || (waits && errno == EINTR))
        return;
    give_up("worker %u: lio_listio failed with errno %d", worker->index, errno);
}

void list_submit(struct worker *worker)
{
    struct aiocb *list[MOST_MEMBERS];
    struct group *group = find_idle(worker);
    const bool waits = random_one_in(&worker->random, 3);
    const int count = 1 + (int)random_below(&worker->random, MOST_MEMBERS);
    unsigned members = 0;
    if (group == NULL)
        return;
    atomic_fetch_add(&group->generation, 1);
    atomic_store(&group->notified, 0);
    group->notice = waits ? BY_NOTHING : random_one_in(&worker->random, 4) ? BY_THREAD : BY_SIGNAL;
    group->in_use = true;
    for (int i = 0; i < count; ++i) {
        struct op *op = op_find_idle(worker);
        list[i] = NULL;
        if (op == NULL || !op_choose(worker, op, true))
            continue;
        op->group = group;
        list[i] = &op->block;
        op_took_off(worker, op, 0);
        ++members;
    }
    struct sigevent event;
    notice_ask(&event, group->notice, worker, GROUP_NUMBER + (unsigned)(group - worker->groups), group->generation);
    if (group->notice != BY_NOTHING)
        atomic_fetch_add(&notices_due, 1);
    const int outcome = lio_listio(waits ? LIO_WAIT : LIO_NOWAIT, list, count, waits ? NULL : &event);
    if (outcome != 0)
        check_outcome(worker, outcome, waits);
    for (int i = 0; waits && outcome == 0 && i < count; ++i)
        if (list[i] != NULL && aio_error(list[i]) == EINPROGRESS)
            give_up("worker %u: lio_listio returned before its request %d had ended", worker->index, i);
    group->members = members;
    list_harvest(worker);
}

void list_harvest(struct worker *worker)
{
    for (unsigned i = 0; i < MOST_GROUPS; ++i)
        if (worker->groups[i].in_use && (worker->groups[i].notice == BY_NOTHING || worker->groups[i].notified == 1))
            worker->groups[i].in_use = false;
}
