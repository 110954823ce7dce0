/* SPDX-License-Identifier: MIT */
/* Writes through two O_APPEND descriptors of one file, dup'ed or opened apart, stand in the file in the order of the calls.
 *
 * Differs from glibc: it orders by descriptor number, so that chance decides.
 * DECISION: difference-lane-by-file */
#include "claim.h"

enum { COUNT = 400, SIZE = 64 };

static char bytes[COUNT][SIZE], all[COUNT * SIZE];
static struct aiocb requests[COUNT];

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_APPEND, 0);
    int descriptors[] = {fd, MUST(dup(fd)), MUST(open(temporary_path("file"), O_WRONLY | O_APPEND))};
    for (int i = 0; i < COUNT; i++) {
        memset(bytes[i], 'a' + i % 26, SIZE);
        snprintf(bytes[i], SIZE, "%d", i);
        requests[i] = request(descriptors[i % 3], bytes[i], SIZE, 0);
        SUBMIT_WRITE(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
    CHECK_INT(pread(fd, all, sizeof all, 0), sizeof all);
    CHECK(memcmp(all, bytes, sizeof all) == 0);
    return 0;
}
