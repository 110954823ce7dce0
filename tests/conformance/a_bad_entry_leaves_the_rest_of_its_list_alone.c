/* SPDX-License-Identifier: MIT */
/* An entry of a list that is refused (aio_reqprio out of range) has its own EINVAL, the list gives an error, the others run. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    int modes[] = {LIO_WAIT, LIO_NOWAIT};
    for (int i = 0; i < 2; i++) {
        char bytes[3][100];
        struct aiocb first = request(fd, bytes[0], 100, 0), bad = request(fd, bytes[1], 100, 0), last = request(fd, bytes[2], 100, 0);
        struct aiocb *list[] = {&first, &bad, &last};
        first.aio_lio_opcode = last.aio_lio_opcode = bad.aio_lio_opcode = LIO_READ;
        bad.aio_reqprio = -1;
        CHECK_INT(lio_listio(modes[i], list, 3, NULL), -1);
        CHECK_INT(aio_error(&bad), EINVAL);
        EXPECT_RESULT(&first, 100);
        EXPECT_RESULT(&last, 100);
    }
    return 0;
}
