/* SPDX-License-Identifier: MIT */
/* A bad aio_lio_opcode is EINVAL in that aiocb; the others of the list still run; LIO_WAIT gives EIO. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    int bad_opcodes[] = {77, -1, 5, 99, 130};
    int modes[] = {LIO_WAIT, LIO_NOWAIT};
    for (int i = 0; i < 10; i++) {
        char bytes[3][100];
        struct aiocb first = request(fd, bytes[0], 100, 0), bad = request(fd, bytes[1], 100, 0), last = request(fd, bytes[2], 100, 0);
        struct aiocb *list[] = {&first, &bad, &last};
        first.aio_lio_opcode = last.aio_lio_opcode = LIO_READ;
        bad.aio_lio_opcode = bad_opcodes[i / 2];
        if (modes[i % 2] == LIO_WAIT)
            CHECK_FAILS(lio_listio(LIO_WAIT, list, 3, NULL), EIO);
        else
            lio_listio(LIO_NOWAIT, list, 3, NULL); /* may tell already, or leave it to aio_error */
        EXPECT_ERROR(&bad, EINVAL);
        EXPECT_RESULT(&first, 100);
        EXPECT_RESULT(&last, 100);
        CHECK_PATTERN(bytes[0], 100, 0);
        CHECK_PATTERN(bytes[2], 100, 0);
    }
    return 0;
}
