/* SPDX-License-Identifier: MIT */
/* A SIGEV_THREAD function may submit, wait for, cancel and query requests, of its own and the one that called it: no lock is
 * held. */
#include "claim.h"

static int fd;
static sem_t called;
static struct aiocb first, again;
static char bytes[100], more_bytes[100];
static struct stream pipe_;

static void last(union sigval value)
{
    CHECK(value.sival_ptr == &again);
    EXPECT_RESULT(&again, sizeof more_bytes);
    sem_post(&called);
}

static void note(union sigval value)
{
    CHECK(value.sival_ptr == &first);
    EXPECT_RESULT(&first, sizeof bytes);

    char byte;
    struct aiocb read_request = request(fd, &byte, 1, 0), *list[] = {&read_request}, blocked = request(pipe_.reader, &byte, 1, 0);
    const struct aiocb *waited[] = {&read_request};
    SUBMIT_READ(&read_request);
    CHECK_INT(aio_suspend(waited, 1, NULL), 0);
    EXPECT_RESULT(&read_request, 1);
    read_request.aio_lio_opcode = LIO_WRITE;
    CHECK_INT(lio_listio(LIO_WAIT, list, 1, NULL), 0);
    EXPECT_RESULT(&read_request, 1);
    CHECK_INT(aio_fsync(O_DSYNC, &read_request), 0);
    EXPECT_RESULT(&read_request, 0);
    SUBMIT_READ(&blocked);
    aio_cancel(pipe_.reader, NULL);
    feed(pipe_.writer, "x");
    AWAIT(&blocked);

    again = request(fd, more_bytes, sizeof more_bytes, 0);
    notify_by_thread(&again, last, &again);
    SUBMIT_READ(&again);
}

int main(void)
{
    claim_start();
    sem_init(&called, 0, 0);
    fd = temporary_file("file", O_RDWR, 4096);
    pipe_ = make_pipe();
    first = request(fd, bytes, sizeof bytes, 0);
    notify_by_thread(&first, note, &first);
    SUBMIT_READ(&first);
    AWAIT_POST(&called);
    return 0;
}
