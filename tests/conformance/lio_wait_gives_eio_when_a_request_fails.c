/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_WAIT gives EIO when any of its requests fails; each has its own status, the others are done. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096), directory = MUST(open("/", O_RDONLY | O_DIRECTORY));
    char bytes[4][100];
    struct aiocb good = request(fd, bytes[0], 100, 0), bad = request(-1, bytes[1], 100, 0);
    struct aiocb wrong = request(directory, bytes[2], 100, 0), last = request(fd, bytes[3], 100, 0);
    struct aiocb *list[] = {&good, &bad, &wrong, &last};
    good.aio_lio_opcode = bad.aio_lio_opcode = wrong.aio_lio_opcode = LIO_READ;
    last.aio_lio_opcode = LIO_WRITE;
    CHECK_FAILS(lio_listio(LIO_WAIT, list, 4, NULL), EIO);
    CHECK_INT(aio_error(&good), 0);
    CHECK_INT(aio_error(&bad), EBADF);
    CHECK_INT(aio_error(&wrong), EISDIR);
    CHECK_INT(aio_error(&last), 0);
    EXPECT_RESULT(&good, 100);
    EXPECT_ERROR(&bad, EBADF);
    EXPECT_ERROR(&wrong, EISDIR);
    EXPECT_RESULT(&last, 100);
    return 0;
}
