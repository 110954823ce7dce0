/* SPDX-License-Identifier: MIT */
/* Requests of each kind, alone and in lists, complete though no thread ever waits for them: aio_error alone shows it. */
#include "claim.h"

enum { COUNT = 8 };

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 65536), append = temporary_file("log", O_WRONLY | O_APPEND, 0);
    int direct = open(temporary_path("file"), O_RDWR | O_DIRECT);
    struct stream pipe = make_pipe();
    static _Alignas(4096) char bytes[COUNT][4096];
    struct aiocb requests[COUNT] = {
        request(fd, bytes[0], 4096, 0),          request(fd, bytes[1], 4096, 8192),       request(append, bytes[2], 100, 0),
        request(append, bytes[3], 100, 0),       request(pipe.writer, bytes[4], 4096, 0), request(pipe.reader, bytes[5], 4096, 0),
        request(direct == -1 ? fd : direct, bytes[6], 4096, 16384), request(direct == -1 ? fd : direct, bytes[7], 4096, 32768),
    };
    int opcodes[COUNT] = {LIO_READ, LIO_WRITE, LIO_WRITE, LIO_WRITE, LIO_WRITE, LIO_READ, LIO_READ, LIO_WRITE};
    struct aiocb *list[COUNT];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < COUNT; i++) {
            requests[i].aio_lio_opcode = opcodes[i];
            list[i] = &requests[i];
            if (round % 2 == 0)
                CHECK_INT((opcodes[i] == LIO_READ ? aio_read : aio_write)(&requests[i]), 0);
        }
        if (round % 2 == 1)
            CHECK_INT(lio_listio(LIO_NOWAIT, list, COUNT, NULL), 0);
        for (int i = 0; i < COUNT; i++) {
            WAIT_UNTIL(aio_error(&requests[i]) != EINPROGRESS);
            CHECK_INT(aio_error(&requests[i]), 0);
            CHECK_INT(aio_return(&requests[i]), requests[i].aio_nbytes);
        }
        struct aiocb sync_request = request(fd, NULL, 0, 0);
        CHECK_INT(aio_fsync(O_DSYNC, &sync_request), 0);
        WAIT_UNTIL(aio_error(&sync_request) != EINPROGRESS);
        CHECK_INT(aio_return(&sync_request), 0);
    }
    return 0;
}
