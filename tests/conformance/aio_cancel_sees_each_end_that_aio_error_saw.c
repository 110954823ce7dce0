/* SPDX-License-Identifier: MIT */
/* Once aio_error has told a request's end, aio_cancel of its descriptor finds nothing left to cancel, however soon it is
 * asked: POSIX has AIO_NOTCANCELED for what is in progress alone. */
#include "claim.h"

enum { ROUNDS = 3000 };

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    char bytes[10];
    struct aiocb reading = request(fd, bytes, sizeof bytes, 0);
    for (int round = 0; round < ROUNDS; ++round) {
        SUBMIT_READ(&reading);
        while (aio_error(&reading) == EINPROGRESS)
            ;
        CHECK_INT(aio_cancel(fd, NULL), AIO_ALLDONE);
        EXPECT_RESULT(&reading, sizeof bytes);
    }
    return 0;
}
