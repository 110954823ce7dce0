/* SPDX-License-Identifier: MIT */
/* A negative offset on a file: the call returns 0, EINVAL comes by aio_error. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    char byte = 'x';
    struct aiocb read_request = request(fd, &byte, 1, -1), write_request = request(fd, &byte, 1, -4096);
    SUBMIT_READ(&read_request);
    EXPECT_ERROR(&read_request, EINVAL);
    SUBMIT_WRITE(&write_request);
    EXPECT_ERROR(&write_request, EINVAL);
    return 0;
}
