/* SPDX-License-Identifier: MIT */
/* aio_read reads aio_nbytes bytes at aio_offset. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDONLY, 100000);
    char bytes[50000];
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 12345);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK_PATTERN(bytes, sizeof bytes, 12345);
    return 0;
}
