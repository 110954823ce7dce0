/* SPDX-License-Identifier: MIT */
/* aio_cancel of a completed request, and of a descriptor without requests, gives AIO_ALLDONE and changes no result. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100), sockets[2];
    make_sockets(sockets);
    CHECK_INT(aio_cancel(fd, NULL), AIO_ALLDONE);
    CHECK_INT(aio_cancel(sockets[0], NULL), AIO_ALLDONE);

    char bytes[10];
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), write_request = request(sockets[0], bytes, 10, 0);
    SUBMIT_READ(&read_request);
    SUBMIT_WRITE(&write_request);
    CHECK_INT(AWAIT(&read_request), 0);
    CHECK_INT(AWAIT(&write_request), 0);
    CHECK_INT(aio_cancel(fd, &read_request), AIO_ALLDONE);
    CHECK_INT(aio_cancel(fd, NULL), AIO_ALLDONE);
    CHECK_INT(aio_cancel(sockets[0], &write_request), AIO_ALLDONE);
    EXPECT_RESULT(&read_request, 10);
    EXPECT_RESULT(&write_request, 10);
    return 0;
}
