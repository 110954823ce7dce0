/* SPDX-License-Identifier: MIT */
/* aio_suspend gives EAGAIN when its time is up, not before, and at once for a zero timeout; the request goes on. NULL entries
 * are passed over. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char byte;
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
    SUBMIT_READ(&blocked);
    const struct aiocb *list[] = {NULL, &blocked, NULL};
    CHECK_FAILS(aio_suspend(list, 3, &(struct timespec){0, 0}), EAGAIN);
    double before = claim_clock();
    CHECK_FAILS(aio_suspend(list, 3, &(struct timespec){0, 50 * 1000 * 1000}), EAGAIN);
    CHECK(claim_clock() - before >= 0.0499);
    EXPECT_IN_PROGRESS(&blocked);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
