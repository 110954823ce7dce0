/* SPDX-License-Identifier: MIT */
/* aio_fsync completes after every request queued before it on the file, through whichever descriptor of it: here a read that
 * the storage still keeps, on a dup'ed descriptor and on one that was opened by itself.
 *
 * Differs from glibc: it orders by descriptor number.
 * DECISION: difference-fsync-order */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR), again = MUST(dup(fd)), opened = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096];
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0);
    struct aiocb sync_request = request(again, NULL, 0, 0), sync_opened = request(opened, NULL, 0, 0);
    SUBMIT_READ(&read_request);
    AWAIT_HELD(&file, 1);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    CHECK_INT(aio_fsync(O_DSYNC, &sync_opened), 0);
    STAYS_IN_PROGRESS(&sync_request);
    EXPECT_IN_PROGRESS(&sync_opened);

    slow_file_release(&file);
    EXPECT_RESULT(&sync_request, 0);
    EXPECT_RESULT(&sync_opened, 0);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK(slow_file_event(&file, FUSE_READ, true, 0) < slow_file_event(&file, FUSE_FSYNC, false, 0));
    return 0;
}
