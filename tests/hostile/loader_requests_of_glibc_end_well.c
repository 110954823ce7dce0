/* SPDX-License-Identifier: MIT */
/* Requests that glibc has in flight when the library comes: they complete, aio_error, aio_return and aio_suspend see
 * it, also in one list with the library's own, and aio_cancel reaches them. */
#include "loader.h"

static struct stream pipes[2];

static void *feed_later(void *argument)
{
    sem_t *go = argument;
    AWAIT_POST(go);
    feed(pipes[0].writer, "x");
    return NULL;
}

int main(void)
{
    claim_start();
    char bytes[4], file_bytes[100];
    int fd = temporary_file("file", O_RDWR, 4096);
    pipes[0] = make_pipe(), pipes[1] = make_pipe();
    struct aiocb blocked = request(pipes[0].reader, &bytes[0], 1, 0), queued = request(pipes[0].reader, &bytes[1], 1, 0);
    struct aiocb own = request(pipes[1].reader, &bytes[2], 1, 0), of_file = request(fd, file_bytes, sizeof file_bytes, 0);
    SUBMIT_READ(&blocked);
    SUBMIT_READ(&queued);
    bring_in(RTLD_NOW);
    int before = served();

    /* Nothing of the library's own is in flight, then something is. */
    const struct aiocb *one[] = {&blocked}, *both[] = {&own, &blocked};
    CHECK_FAILS(aio_suspend(one, 1, &(struct timespec){.tv_nsec = 3000000}), EAGAIN);
    SUBMIT_READ(&own);
    CHECK_INT(served() - before, 1);
    CHECK_FAILS(aio_suspend(both, 2, &(struct timespec){.tv_nsec = 3000000}), EAGAIN);
    CHECK_FAILS(aio_suspend(one, 1, &(struct timespec){0}), EAGAIN);

    CHECK_INT(aio_cancel(pipes[0].reader, &blocked), AIO_NOTCANCELED); /* glibc can't */
    CHECK_INT(aio_cancel(pipes[0].reader, &queued), AIO_CANCELED);
    EXPECT_ERROR(&queued, ECANCELED);
    CHECK_INT(aio_cancel(pipes[0].reader, NULL), AIO_NOTCANCELED);
    CHECK_INT(aio_cancel(pipes[1].reader, NULL), AIO_CANCELED);
    EXPECT_ERROR(&own, ECANCELED);
    CHECK_INT(aio_cancel(pipes[1].reader, NULL), AIO_ALLDONE);

    /* A child has none of them. */
    pid_t child = fork();
    if (child == 0) {
        CHECK_INT(aio_suspend(one, 1, NULL), 0);
        CHECK_INT(aio_cancel(pipes[0].reader, NULL), AIO_ALLDONE);
        CHECK_INT(enable_statistics(), 0);
        SERVED(&of_file, aio_write);
        _exit(0);
    }
    wait_for_child(child);

    sem_t go;
    sem_init(&go, 0, 0);
    pthread_t feeder;
    start_thread(&feeder, feed_later, &go);
    SUBMIT_READ(&own);
    sem_post(&go);
    CHECK_INT(aio_suspend(both, 2, NULL), 0);
    CHECK_INT(aio_error(&blocked), 0);
    CHECK_INT(aio_return(&blocked), 1);
    EXPECT_IN_PROGRESS(&own);
    feed(pipes[1].writer, "y");
    EXPECT_RESULT(&own, 1);
    JOIN(feeder, NULL);
    CHECK_INT(aio_cancel(pipes[0].reader, NULL), AIO_ALLDONE);
    return 0;
}
