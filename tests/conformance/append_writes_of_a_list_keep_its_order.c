/* SPDX-License-Identifier: MIT */
/* The O_APPEND writes of one lio_listio stand in the file in the order of the list, in both modes. */
#include "claim.h"

enum { COUNT = 200, SIZE = 64 };

static char bytes[COUNT][SIZE], all[COUNT * SIZE];
static struct aiocb requests[COUNT], *list[COUNT];

int main(void)
{
    claim_start();
    int modes[] = {LIO_WAIT, LIO_NOWAIT};
    for (int round = 0; round < 2; round++) {
        int fd = temporary_file("file", O_RDWR | O_APPEND, 0);
        for (int i = 0; i < COUNT; i++) {
            memset(bytes[i], 'a' + i % 26, SIZE);
            snprintf(bytes[i], SIZE, "%d of %d", i, round);
            requests[i] = request(fd, bytes[i], SIZE, 0);
            requests[i].aio_lio_opcode = LIO_WRITE;
            list[i] = &requests[i];
        }
        CHECK_INT(lio_listio(modes[round], list, COUNT, NULL), 0);
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], SIZE);
        CHECK_INT(pread(fd, all, sizeof all, 0), sizeof all);
        CHECK(memcmp(all, bytes, sizeof all) == 0);
    }
    return 0;
}
