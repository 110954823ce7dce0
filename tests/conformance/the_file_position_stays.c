/* SPDX-License-Identifier: MIT */
/* Requests on a file go by aio_offset and leave the descriptor's position where it is. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 10000);
    char bytes[100];
    MUST(lseek(fd, 77, SEEK_SET));
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 5000), write_request = request(fd, bytes, sizeof bytes, 5000);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof bytes);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof bytes);
    CHECK_INT(lseek(fd, 0, SEEK_CUR), 77);
    return 0;
}
