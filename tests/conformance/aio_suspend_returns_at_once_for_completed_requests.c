/* SPDX-License-Identifier: MIT */
/* aio_suspend returns 0 at once when one of its requests is complete already: without a timeout, with a zero one, with the
 * complete one anywhere in the list. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char bytes[2];
    struct aiocb complete = request(fd, &bytes[0], 1, 0), failed = request(-1, bytes, 1, 0), blocked = request(pipe.reader, &bytes[1], 1, 0);
    SUBMIT_READ(&blocked);
    SUBMIT_READ(&complete);
    SUBMIT_READ(&failed);
    AWAIT(&complete);
    AWAIT(&failed);
    const struct aiocb *lists[][3] = {{&complete, &blocked, &blocked}, {&blocked, &blocked, &complete}, {NULL, &blocked, &failed}};
    struct timespec zero = {0, 0}, forever = {1000000, 0};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(aio_suspend(lists[i], 3, NULL), 0);
        CHECK_INT(aio_suspend(lists[i], 3, &zero), 0);
        CHECK_INT(aio_suspend(lists[i], 3, &forever), 0);
    }
    EXPECT_IN_PROGRESS(&blocked);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
