/* SPDX-License-Identifier: MIT */
/* A handler that makes the next request whenever one is complete lets the program below it go on, whether it is told by the
 * request's own signal, by that of its list, or by two signals in turn. */
#include "claim.h"

enum { STEPS = 20000, LEAST_REQUESTS = 200, SIZE = 512 };

static struct aiocb next;
static char bytes[SIZE];
static void (*submit_next)(void);
static volatile sig_atomic_t is_enough;
static volatile long requests;

static void read_next(void)
{
    SUBMIT_READ(&next);
}

static void list_next(void)
{
    struct aiocb *list[] = {&next};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, &event), 0);
}

static void read_next_by_other_signal(void)
{
    next.aio_sigevent.sigev_signo = SIGRTMIN + requests % 2;
    SUBMIT_READ(&next);
}

static void make_next_request(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    CHECK_INT(aio_error(&next), 0);
    CHECK_INT(aio_return(&next), SIZE);
    requests++;
    if (!is_enough)
        submit_next();
    else
        is_enough = 2;
}

/* A program that is not let go on never comes to its end, and the claim says so. */
static void work_below(void (*submit)(void), int fd, bool notifies)
{
    submit_next = submit;
    next = request(fd, bytes, SIZE, 0);
    next.aio_lio_opcode = LIO_READ;
    if (notifies)
        notify_by_signal(&next, SIGRTMIN, 0);
    requests = 0;
    is_enough = 0;
    submit();
    for (int step = 0; step < STEPS || requests < LEAST_REQUESTS; step++)
        clock_gettime(CLOCK_MONOTONIC, &(struct timespec){0});
    is_enough = 1;
    WAIT_UNTIL(is_enough == 2);
}

int main(void)
{
    claim_start();
    handle(SIGRTMIN, make_next_request, 0);
    handle(SIGRTMIN + 1, make_next_request, 0);
    int fd = temporary_file("file", O_RDWR, SIZE);
    work_below(read_next, fd, true);
    work_below(list_next, fd, false);
    work_below(read_next_by_other_signal, fd, true);
    return 0;
}
