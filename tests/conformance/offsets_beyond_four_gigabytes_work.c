/* SPDX-License-Identifier: MIT */
/* Offsets of more than 32 bits reach the place that they name. */
#include "claim.h"

int main(void)
{
    claim_start();
    if (sizeof(((struct aiocb *)NULL)->aio_offset) < 8)
        SKIP("offsets have 32 bits here");
    int fd = temporary_file("file", O_RDWR, 0);
    off_t far = (off_t)((5ULL << 30) + 123);
    char out[] = "far away", in[sizeof out] = "";
    struct aiocb write_request = request(fd, out, sizeof out, far), read_request = request(fd, in, sizeof in, far);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof out);
    struct stat status;
    CHECK_INT(fstat(fd, &status), 0);
    CHECK_INT(status.st_size, far + (off_t)sizeof out);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof in);
    CHECK(strcmp(in, out) == 0);
    return 0;
}
