/* SPDX-License-Identifier: MIT */
/* Notifications. Their value names worker, operation (or group) and generation; each must come exactly once, and only when
 * the request has ended. */
#include "fuzz.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* A value of 31 bits: 3 of the worker, 9 of the number, 19 of the generation. */
static int value_of(unsigned worker, unsigned number, unsigned generation)
{
    return (int)(worker << 28 | number << 19 | (generation & 0x7ffff));
}

/* Its worker may take its end and use it again meanwhile: the generation tells. */
static bool is_running_member(struct op *op, const struct group *group)
{
    const unsigned generation = atomic_load(&op->generation);
    const bool runs = op->group == group && op->state == FLYING && aio_error(&op->block) == EINPROGRESS;
    return runs && atomic_load(&op->generation) == generation;
}

static void take(int value)
{
    struct worker *worker = &workers[(unsigned)value >> 28];
    const unsigned number = (unsigned)value >> 19 & 0x1ff, generation = (unsigned)value & 0x7ffff;
    const bool of_group = number >= GROUP_NUMBER;
    atomic_uint *at = of_group ? &worker->groups[number - GROUP_NUMBER].generation : &worker->ops[number].generation;
    if ((atomic_load(at) & 0x7ffff) != generation)
        give_up("worker %u: a notification of %s %u came again, after its end was taken", worker->index,
                of_group ? "list" : "request", number);
    if (of_group) {
        for (unsigned i = 0; i < OPS; ++i)
            if (is_running_member(&worker->ops[i], &worker->groups[number - GROUP_NUMBER]))
                give_up("worker %u: a list was notified before its request %u had ended", worker->index, i);
    } else if (worker->ops[number].state == FLYING && aio_error(&worker->ops[number].block) == EINPROGRESS) {
        give_up("worker %u: request %u was notified before it had ended", worker->index, number);
    }
    atomic_fetch_add(&notices_seen, 1);
    if (atomic_fetch_add(of_group ? &worker->groups[number - GROUP_NUMBER].notified : &worker->ops[number].notified, 1) != 0)
        give_up("worker %u: %s %u was notified twice", worker->index, of_group ? "list" : "request", number);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    const int before = errno;
    if (info->si_code != SI_ASYNCIO)
        give_up("a completion signal has si_code %d", info->si_code);
    take(info->si_value.sival_int);
    errno = before;
}

static void on_thread(union sigval value) { take(value.sival_int); }

/* ThreadSanitizer keeps one signal of a number for a thread, not a queue of them, and calls the handler late: signals that
 * find a thread of a notification, which blocks none, would be lost. Functions stand in for them there. */
#if defined __SANITIZE_THREAD__
enum { ARE_SIGNALS_KEPT = false };
#else
enum { ARE_SIGNALS_KEPT = true };
#endif

void notice_start(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&action.sa_mask);
    MUST(sigaction(SIGRTMIN + 1, &action, NULL) == 0);
}

void notice_ask(struct sigevent *event, enum notice notice, struct worker *worker, unsigned number, unsigned generation)
{
    memset(event, 0, sizeof *event);
    if (notice == BY_SIGNAL && !ARE_SIGNALS_KEPT)
        notice = BY_THREAD;
    event->sigev_value.sival_int = value_of(worker->index, number, generation);
    event->sigev_notify = notice == BY_SIGNAL ? SIGEV_SIGNAL : notice == BY_THREAD ? SIGEV_THREAD : SIGEV_NONE;
    if (notice == BY_SIGNAL)
        event->sigev_signo = SIGRTMIN + 1;
    if (notice == BY_THREAD)
        event->sigev_notify_function = on_thread;
}

void notice_check_totals(void)
{
    if (notices_due != notices_seen)
        give_up("%lu notifications were due, %lu came", (unsigned long)notices_due, (unsigned long)notices_seen);
}
