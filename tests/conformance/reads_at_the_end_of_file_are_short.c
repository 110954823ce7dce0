/* SPDX-License-Identifier: MIT */
/* A read that meets the end of the file gives the bytes there are; at the end and beyond it, none. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDONLY, 10000);
    char bytes[4096];
    struct aiocb across = request(fd, bytes, sizeof bytes, 9000);
    SUBMIT_READ(&across);
    EXPECT_RESULT(&across, 1000);
    CHECK_PATTERN(bytes, 1000, 9000);

    struct aiocb at_end = request(fd, bytes, sizeof bytes, 10000), beyond = request(fd, bytes, sizeof bytes, 1000000);
    SUBMIT_READ(&at_end);
    SUBMIT_READ(&beyond);
    EXPECT_RESULT(&at_end, 0);
    EXPECT_RESULT(&beyond, 0);
    return 0;
}
