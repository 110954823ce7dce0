/* SPDX-License-Identifier: MIT */
/* aio_write writes aio_nbytes bytes at aio_offset, also past the end of the file, and nothing else. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 10000);
    char bytes[5000], all[25000];
    memset(bytes, 'w', sizeof bytes);
    struct aiocb inside = request(fd, bytes, sizeof bytes, 2000), beyond = request(fd, bytes, sizeof bytes, 20000);
    SUBMIT_WRITE(&inside);
    SUBMIT_WRITE(&beyond);
    EXPECT_RESULT(&inside, sizeof bytes);
    EXPECT_RESULT(&beyond, sizeof bytes);

    CHECK_INT(pread(fd, all, sizeof all, 0), sizeof all);
    CHECK_PATTERN(all, 2000, 0);
    CHECK(memcmp(all + 2000, bytes, sizeof bytes) == 0);
    CHECK_PATTERN(all + 7000, 3000, 7000);
    for (int i = 10000; i < 20000; i++)
        CHECK_INT(all[i], 0);
    CHECK(memcmp(all + 20000, bytes, sizeof bytes) == 0);
    CHECK_INT(lseek(fd, 0, SEEK_END), 25000);
    return 0;
}
