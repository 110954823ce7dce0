/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_WAIT returns 0 when every request of its list, reads and writes, of files and streams, is complete. */
#include "claim.h"

enum { COUNT = 40 };

static struct stream pipe_;

static void *feed_slowly(void *unused)
{
    for (int i = 0; i < COUNT / 4; i++) {
        claim_pause();
        feed(pipe_.writer, "x");
    }
    return unused;
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, COUNT * 1000);
    pipe_ = make_pipe();
    static char bytes[COUNT][1000];
    struct aiocb requests[COUNT], *list[COUNT];
    for (int i = 0; i < COUNT; i++) {
        bool of_pipe = i % 4 == 2;
        memset(bytes[i], 'w', 1000);
        requests[i] = request(of_pipe ? pipe_.reader : fd, bytes[i], of_pipe ? 1 : 1000, i * 1000);
        requests[i].aio_lio_opcode = i % 2 ? LIO_WRITE : LIO_READ;
        list[i] = &requests[i];
    }
    pthread_t feeder;
    start_thread(&feeder, feed_slowly, NULL);
    CHECK_INT(lio_listio(LIO_WAIT, list, COUNT, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(aio_error(&requests[i]), 0);
        CHECK_INT(aio_return(&requests[i]), requests[i].aio_nbytes);
        if (i % 4 == 0)
            CHECK_PATTERN(bytes[i], 1000, i * 1000);
    }
    JOIN(feeder, NULL);
    return 0;
}
