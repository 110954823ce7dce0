/* SPDX-License-Identifier: MIT */
/* Writes through one O_APPEND descriptor stand in the file in the order of the calls, wherever aio_offset points. */
#include "claim.h"

enum { COUNT = 400, SIZE = 64 };

static char bytes[COUNT][SIZE], all[COUNT * SIZE];
static struct aiocb requests[COUNT];

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_APPEND, 0);
    for (int i = 0; i < COUNT; i++) {
        memset(bytes[i], 'a' + i % 26, SIZE);
        snprintf(bytes[i], SIZE, "%d", i);
        requests[i] = request(fd, bytes[i], SIZE, (COUNT - i) * 7);
        SUBMIT_WRITE(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
    CHECK_INT(lseek(fd, 0, SEEK_END), sizeof all);
    CHECK_INT(pread(fd, all, sizeof all, 0), sizeof all);
    CHECK(memcmp(all, bytes, sizeof all) == 0);
    return 0;
}
