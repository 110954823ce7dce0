/* SPDX-License-Identifier: MIT */
/* The private fields of a new aiocb may hold anything: each function works on aiocbs that malloc left full of rubbish. */
#include "claim.h"

static struct aiocb rubbish(int fd, void *buffer, size_t size, int byte)
{
    struct aiocb aiocb, clean = request(fd, buffer, size, 0);
    memset(&aiocb, byte, sizeof aiocb);
    aiocb.aio_fildes = clean.aio_fildes;
    aiocb.aio_lio_opcode = LIO_READ;
    aiocb.aio_reqprio = 0;
    aiocb.aio_buf = clean.aio_buf;
    aiocb.aio_nbytes = clean.aio_nbytes;
    aiocb.aio_offset = clean.aio_offset;
    aiocb.aio_sigevent.sigev_notify = SIGEV_NONE; /* the rest of the sigevent means nothing then */
    return aiocb;
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    int garbage[] = {0xff, 0xa5, 0x73, 0x01};
    for (int i = 0; i < 4; i++) {
        char bytes[100], blocked_byte;
        struct aiocb one = rubbish(fd, bytes, sizeof bytes, garbage[i]), listed = rubbish(fd, bytes, sizeof bytes, garbage[i]);
        struct aiocb blocked = rubbish(pipe.reader, &blocked_byte, 1, garbage[i]), *list[] = {&listed};
        SUBMIT_READ(&one);
        EXPECT_RESULT(&one, sizeof bytes);
        one = rubbish(fd, bytes, sizeof bytes, garbage[i]);
        SUBMIT_WRITE(&one);
        EXPECT_RESULT(&one, sizeof bytes);
        one = rubbish(fd, bytes, sizeof bytes, garbage[i]);
        CHECK_INT(aio_fsync(O_SYNC, &one), 0);
        EXPECT_RESULT(&one, 0);
        CHECK_INT(lio_listio(LIO_WAIT, list, 1, NULL), 0);
        EXPECT_RESULT(&listed, sizeof bytes);
        SUBMIT_READ(&blocked);
        EXPECT_IN_PROGRESS(&blocked);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
    }
    return 0;
}
