/* SPDX-License-Identifier: MIT */
/* A timespec out of range is EINVAL, and the request goes on.
 *
 * Differs from glibc: it aborts the process.
 * DECISION: difference-bad-timespec-is-einval */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char byte;
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
    const struct aiocb *list[] = {&blocked};
    SUBMIT_READ(&blocked);
    struct timespec bad[] = {{0, 1000000000}, {0, -1}, {1, 2000000000}, {-1, 0}};
    for (int i = 0; i < 4; i++)
        CHECK_FAILS(aio_suspend(list, 1, &bad[i]), EINVAL);
    EXPECT_IN_PROGRESS(&blocked);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
