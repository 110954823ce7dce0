/* SPDX-License-Identifier: MIT */
/* When the first request of a descriptor is cancelled before any thread has begun it, because all are busy elsewhere, those
 * queued behind it go on.
 *
 * Differs from glibc: the followers are forgotten and never complete.
 * DECISION: difference-cancel-leaves-followers */
#include "claim.h"

int main(void)
{
    claim_start();
    aio_init(&(struct aioinit){.aio_threads = 1, .aio_num = 64});
    struct stream busy = make_pipe(), pipe = make_pipe();
    char bytes[4];
    struct aiocb blocker = request(busy.reader, &bytes[0], 1, 0), head = request(pipe.reader, &bytes[1], 1, 0);
    struct aiocb follower = request(pipe.reader, &bytes[2], 1, 0), last = request(pipe.reader, &bytes[3], 1, 0);
    SUBMIT_READ(&blocker);
    SUBMIT_READ(&head);
    SUBMIT_READ(&follower);
    SUBMIT_READ(&last);
    CHECK_INT(aio_cancel(pipe.reader, &head), AIO_CANCELED);
    EXPECT_ERROR(&head, ECANCELED);
    feed(pipe.writer, "fl");
    feed(busy.writer, "b");
    EXPECT_RESULT(&blocker, 1);
    EXPECT_RESULT(&follower, 1);
    EXPECT_RESULT(&last, 1);
    CHECK_INT(bytes[2], 'f');
    CHECK_INT(bytes[3], 'l');
    return 0;
}
