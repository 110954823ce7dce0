/* SPDX-License-Identifier: MIT */
/* A file that pread can read and pwrite cannot write is written as by write. */
#include "claim.h"

int main(void)
{
    claim_start();
    char got[32] = "";
    int fd = MUST(open("/proc/self/comm", O_RDWR));
    struct aiocb write_request = request(fd, "written", 7, 0), read_request = request(fd, got, sizeof got, 0);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 7);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 8);
    CHECK(memcmp(got, "written\n", 8) == 0);
    return 0;
}
