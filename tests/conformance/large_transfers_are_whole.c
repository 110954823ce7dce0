/* SPDX-License-Identifier: MIT */
/* A write and a read of 8 MiB each move all their bytes in one request. */
#include "claim.h"

enum { SIZE = 8 << 20 };

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 0);
    unsigned char *bytes = malloc(SIZE);
    fill_pattern(bytes, SIZE, 0);
    struct aiocb write_request = request(fd, bytes, SIZE, 0), read_request = request(fd, bytes, SIZE, 0);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, SIZE);
    memset(bytes, 0, SIZE);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, SIZE);
    CHECK_PATTERN(bytes, SIZE, 0);
    free(bytes);
    return 0;
}
