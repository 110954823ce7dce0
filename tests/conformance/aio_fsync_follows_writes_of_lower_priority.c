/* SPDX-License-Identifier: MIT */
/* aio_fsync completes after every write queued before it on the file, also those of lower priority.
 *
 * Differs from glibc: it sorts by aio_reqprio, so that the sync overtakes.
 * DECISION: difference-fsync-order */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, 4096);

    char bytes[4096] = "w";
    struct aiocb first = request(fd, bytes, 4096, 0), low = request(fd, bytes, 4096, 65536), sync_request = request(fd, NULL, 0, 0);
    low.aio_reqprio = 10;
    SUBMIT_WRITE(&first);
    AWAIT_HELD(&file, 1);
    SUBMIT_WRITE(&low);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    slow_file_release(&file);
    EXPECT_RESULT(&sync_request, 0);
    EXPECT_RESULT(&low, 4096);
    EXPECT_RESULT(&first, 4096);

    int synced = slow_file_event(&file, FUSE_FSYNC, false, 0);
    CHECK(synced != -1);
    CHECK(slow_file_event(&file, FUSE_WRITE, true, 0) < synced);
    CHECK(slow_file_event(&file, FUSE_WRITE, true, 1) != -1);
    CHECK(slow_file_event(&file, FUSE_WRITE, true, 1) < synced);
    return 0;
}
