/* SPDX-License-Identifier: MIT */
/* One aiocb serves request after request, without being cleared between them. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char bytes[100];
    struct aiocb aiocb = request(fd, bytes, sizeof bytes, 0);
    for (int i = 0; i < 500; i++) {
        aiocb.aio_fildes = fd;
        aiocb.aio_nbytes = sizeof bytes;
        SUBMIT_READ(&aiocb);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        SUBMIT_WRITE(&aiocb);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        aiocb.aio_fildes = pipe.reader;
        aiocb.aio_nbytes = 1;
        SUBMIT_READ(&aiocb);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&aiocb, 1);
        aiocb.aio_fildes = -1;
        SUBMIT_READ(&aiocb);
        EXPECT_ERROR(&aiocb, EBADF);
    }
    return 0;
}
