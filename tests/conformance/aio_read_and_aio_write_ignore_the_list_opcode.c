/* SPDX-License-Identifier: MIT */
/* aio_read reads and aio_write writes, whatever aio_lio_opcode says. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    int opcodes[] = {LIO_READ, LIO_WRITE, LIO_NOP, 77};
    for (int i = 0; i < 4; i++) {
        char in = 0, out = 'w';
        struct aiocb read_request = request(fd, &in, 1, 50), write_request = request(fd, &out, 1, 60);
        read_request.aio_lio_opcode = write_request.aio_lio_opcode = opcodes[i];
        SUBMIT_READ(&read_request);
        EXPECT_RESULT(&read_request, 1);
        CHECK_PATTERN(&in, 1, 50);
        MUST(pwrite(fd, "-", 1, 60));
        SUBMIT_WRITE(&write_request);
        EXPECT_RESULT(&write_request, 1);
        CHECK_INT(pread(fd, &in, 1, 60), 1);
        CHECK_INT(in, 'w');
    }
    return 0;
}
