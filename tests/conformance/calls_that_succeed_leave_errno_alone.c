/* SPDX-License-Identifier: MIT */
/* errno is as it was after calls that succeed, also when the request fails inside the call or later. */
#include "claim.h"

#define KEEPS_ERRNO(call)                                                                                              \
    do {                                                                                                               \
        errno = 12345;                                                                                                 \
        CHECK((call) != -1);                                                                                           \
        CHECK_INT(errno, 12345);                                                                                       \
    } while (0)

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char bytes[100], byte;
    for (int i = 0; i < 20; i++) {
        struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), failing = request(fd, bytes, 1, -1), *list[] = {&read_request};
        struct aiocb blocked = request(pipe.reader, &byte, 1, 0), sync_request = request(fd, NULL, 0, 0);
        const struct aiocb *waited[] = {&read_request};
        KEEPS_ERRNO(aio_read(&read_request));
        KEEPS_ERRNO(aio_suspend(waited, 1, NULL));
        KEEPS_ERRNO(aio_error(&read_request));
        KEEPS_ERRNO(aio_return(&read_request));
        KEEPS_ERRNO(aio_write(&read_request));
        EXPECT_RESULT(&read_request, sizeof bytes);
        KEEPS_ERRNO(aio_read(&failing));
        EXPECT_ERROR(&failing, EINVAL);
        KEEPS_ERRNO(aio_fsync(O_DSYNC, &sync_request));
        EXPECT_RESULT(&sync_request, 0);
        KEEPS_ERRNO(aio_read(&blocked));
        KEEPS_ERRNO(aio_error(&blocked));
        KEEPS_ERRNO(aio_cancel(fd, NULL));
        read_request.aio_lio_opcode = LIO_READ;
        KEEPS_ERRNO(lio_listio(LIO_NOWAIT, list, 1, NULL));
        EXPECT_RESULT(&read_request, sizeof bytes);
        KEEPS_ERRNO(lio_listio(LIO_WAIT, list, 1, NULL));
        EXPECT_RESULT(&read_request, sizeof bytes);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
    }
    return 0;
}
