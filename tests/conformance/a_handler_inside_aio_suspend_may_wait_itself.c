/* SPDX-License-Identifier: MIT */
/* A handler that interrupts aio_suspend or lio_listio may call aio_error, aio_return and aio_suspend, for the request that the
 * thread waits for and for others. */
#include "interrupted_wait.h"

static struct aiocb blocked, complete, soon;

static int suspend(void *unused)
{
    const struct aiocb *list[] = {&blocked};
    (void)unused;
    return aio_suspend(list, 1, NULL);
}

static int wait_for_list(void *unused)
{
    struct aiocb *list[] = {&blocked};
    (void)unused;
    return lio_listio(LIO_WAIT, list, 1, NULL);
}

static void use_aio(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    const struct aiocb *both[] = {&blocked, &complete}, *same[] = {&blocked}, *other[] = {&soon};
    int error = errno;
    CHECK_INT(aio_error(&complete), 0);
    CHECK_INT(aio_return(&complete), 1);
    CHECK_INT(aio_suspend(both, 2, NULL), 0);
    CHECK_FAILS(aio_suspend(same, 1, &(struct timespec){0, 1000000}), EAGAIN);
    CHECK_INT(aio_suspend(other, 1, NULL), 0);
    CHECK_INT(aio_error(&soon), 0);
    errno = error;
    atomic_fetch_add(&interruptions, 1);
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, use_aio, SA_RESTART);
    struct stream pipe = make_pipe(), other = make_pipe();
    int fd = temporary_file("file", O_RDWR, 100);
    char bytes[3];
    complete = request(fd, &bytes[0], 1, 0);
    SUBMIT_READ(&complete);
    AWAIT(&complete);
    int (*waits[])(void *) = {suspend, wait_for_list};
    for (int i = 0; i < 2; i++) {
        blocked = request(pipe.reader, &bytes[1], 1, 0);
        blocked.aio_lio_opcode = LIO_READ;
        soon = request(other.reader, &bytes[2], 1, 0);
        SUBMIT_READ(&soon);
        if (i == 0)
            SUBMIT_READ(&blocked);
        struct interrupted_wait wait = {.wait = waits[i]};
        begin_wait(&wait);
        pthread_kill(wait.thread, SIGUSR1);
        claim_pause();
        feed(other.writer, "x");
        WAIT_UNTIL(atomic_load(&interruptions) == 1);
        CHECK(interrupt_while_it_waits(&wait, 3));
        feed(pipe.writer, "x");
        end_wait(&wait);
        CHECK_INT(wait.result, 0);
        EXPECT_RESULT(&blocked, 1);
        EXPECT_RESULT(&soon, 1);
    }
    return 0;
}
