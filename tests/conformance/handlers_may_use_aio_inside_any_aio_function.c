/* SPDX-License-Identifier: MIT */
/* Handlers may call aio_error, aio_return and aio_suspend whatever function of the library they interrupt: signals come as fast
 * as they can while the thread submits, waits, cancels and lists.
 *
 * Differs from glibc: the handler waits for the mutex that the thread itself holds, sooner or later.
 * DECISION: difference-async-signal-safe */
#include "claim.h"

enum { LENGTH = 500 };

static struct aiocb complete, blocked, listed[LENGTH];
static atomic_int handled, finished;
static pthread_t main_thread;

static void use_aio(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    const struct aiocb *both[] = {&blocked, &complete}, *one[] = {&blocked};
    int error = errno;
    CHECK_INT(aio_error(&complete), 0);
    CHECK_INT(aio_return(&complete), 1);
    CHECK_INT(aio_error(&blocked), EINPROGRESS);
    CHECK_INT(aio_suspend(both, 2, NULL), 0);
    CHECK_FAILS(aio_suspend(one, 1, &(struct timespec){0, 10000}), EAGAIN);
    errno = error;
    atomic_fetch_add(&handled, 1);
}

static void *disturb(void *unused)
{
    while (!atomic_load(&finished)) {
        int before = atomic_load(&handled);
        pthread_kill(main_thread, SIGUSR1);
        while (!atomic_load(&finished) && atomic_load(&handled) == before)
            sched_yield();
    }
    return unused;
}

int main(void)
{
    claim_start();
    main_thread = pthread_self();
    handle(SIGUSR1, use_aio, SA_RESTART);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream quiet = make_pipe(), pipe = make_pipe();
    char bytes[100], byte, complete_byte, blocked_byte;
    complete = request(fd, &complete_byte, 1, 0);
    blocked = request(quiet.reader, &blocked_byte, 1, 0);
    SUBMIT_READ(&complete);
    SUBMIT_READ(&blocked);
    AWAIT(&complete);
    pthread_t disturber;
    start_thread(&disturber, disturb, NULL);
    double end = claim_clock() + 0.8;
    for (int i = 0; claim_clock() < end || atomic_load(&handled) < 100; i++) {
        struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), write_request = request(fd, bytes, 10, 0);
        struct aiocb from_pipe = request(pipe.reader, &byte, 1, 0), cancelled = from_pipe, sync_request = request(fd, NULL, 0, 0);
        SUBMIT_READ(&read_request);
        SUBMIT_WRITE(&write_request);
        SUBMIT_READ(&from_pipe);
        SUBMIT_READ(&cancelled);
        aio_cancel(pipe.reader, &cancelled);
        feed(pipe.writer, "xx");
        EXPECT_RESULT(&from_pipe, 1);
        if (AWAIT(&cancelled) == ECANCELED)
            drain(pipe.reader, 1);
        EXPECT_RESULT(&read_request, sizeof bytes);
        EXPECT_RESULT(&write_request, 10);
        struct aiocb *list[LENGTH];
        for (int j = 0; j < LENGTH; j++) {
            listed[j] = request(fd, bytes, 1, 0);
            listed[j].aio_lio_opcode = j % 2 ? LIO_READ : LIO_WRITE;
            list[j] = &listed[j];
        }
        CHECK_INT(lio_listio(i % 2 ? LIO_WAIT : LIO_NOWAIT, list, LENGTH, NULL), 0);
        for (int j = 0; j < LENGTH; j++)
            EXPECT_RESULT(&listed[j], 1);
        CHECK_INT(aio_fsync(O_DSYNC, &sync_request), 0);
        EXPECT_RESULT(&sync_request, 0);
    }
    atomic_store(&finished, 1);
    JOIN(disturber, NULL);
    return 0;
}
