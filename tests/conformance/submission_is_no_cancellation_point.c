/* SPDX-License-Identifier: MIT */
/* aio_read, aio_write, aio_fsync, lio_listio with LIO_NOWAIT, aio_error, aio_return and aio_cancel are no cancellation points:
 * a thread with a cancellation pending goes through them and leaves no request half-submitted. */
#include "claim.h"

static int fd;
static struct stream pipe_;
static char bytes[8][100];
static struct aiocb requests[8];
static atomic_int passed;

static void *submit(void *unused)
{
    struct aiocb *list[] = {&requests[4], &requests[5]};
    pthread_cancel(pthread_self());
    SUBMIT_READ(&requests[0]);
    SUBMIT_WRITE(&requests[1]);
    CHECK_INT(aio_fsync(O_SYNC, &requests[2]), 0);
    SUBMIT_READ(&requests[3]);
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 2, NULL), 0);
    SUBMIT_READ(&requests[6]);
    while (aio_error(&requests[0]) == EINPROGRESS)
        ;
    CHECK_INT(aio_return(&requests[0]), 100);
    CHECK_INT(aio_cancel(pipe_.reader, &requests[6]), AIO_CANCELED);
    atomic_store(&passed, 1);
    pthread_testcancel();
    return unused;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, 4096);
    pipe_ = make_pipe();
    int descriptors[] = {fd, fd, fd, pipe_.reader, fd, fd, pipe_.reader};
    for (int i = 0; i < 7; i++) {
        requests[i] = request(descriptors[i], bytes[i], i == 3 ? 1 : 100, 0);
        requests[i].aio_lio_opcode = i == 4 ? LIO_READ : LIO_WRITE;
    }
    pthread_t thread;
    void *result;
    start_thread(&thread, submit, NULL);
    JOIN(thread, &result);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_INT(atomic_load(&passed), 1);
    feed(pipe_.writer, "x");
    for (int i = 1; i < 6; i++)
        EXPECT_RESULT(&requests[i], i == 2 ? 0 : i == 3 ? 1 : 100);
    return 0;
}
