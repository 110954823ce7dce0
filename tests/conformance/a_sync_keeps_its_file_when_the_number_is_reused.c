/* SPDX-License-Identifier: MIT */
/* A sync works on the file that its descriptor meant at submission, though the number comes to mean another one at whatever
 * moment: here one that can't be synced.
 *
 * Differs from glibc: it uses the number when it comes to the request.
 * DECISION: difference-request-keeps-its-file */
#include "claim.h"

enum { ROUNDS = 200, SIZE = 4096 };

int main(void)
{
    claim_start();
    static _Alignas(4096) char bytes[SIZE];
    int other = MUST(open("/", O_PATH));
    for (int round = 0; round < ROUNDS; round++) {
        int keep = temporary_file("file", O_RDWR | (round % 2 ? O_DIRECT : 0), SIZE), fd = MUST(dup(keep));
        struct aiocb write_request = request(fd, bytes, SIZE, 0), sync_request = request(fd, NULL, 0, 0);
        SUBMIT_WRITE(&write_request);
        CHECK_INT(aio_fsync(round % 4 < 2 ? O_SYNC : O_DSYNC, &sync_request), 0);
        EXPECT_RESULT(&write_request, SIZE); /* the sync begins behind it */
        for (volatile int delay = round * 100; delay > 0; delay--)
            continue;
        MUST(dup2(other, fd));
        EXPECT_RESULT(&sync_request, 0);
        close(fd);
        close(keep);
    }
    return 0;
}
