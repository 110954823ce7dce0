/* SPDX-License-Identifier: MIT */
/* aio_fsync syncs after the writes that were queued before it, O_SYNC and O_DSYNC alike. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096] = "w";
    struct aiocb writes[3], sync_request = request(fd, NULL, 0, 0), data_sync_request = request(fd, NULL, 0, 0);
    for (int i = 0; i < 3; i++) {
        writes[i] = request(fd, bytes, sizeof bytes, 65536 * i);
        SUBMIT_WRITE(&writes[i]);
    }
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    CHECK_INT(aio_fsync(O_DSYNC, &data_sync_request), 0);
    AWAIT_HELD(&file, 1);
    slow_file_release(&file);
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(&writes[i], sizeof bytes);
    EXPECT_RESULT(&sync_request, 0);
    EXPECT_RESULT(&data_sync_request, 0);
    for (int i = 0; i < 3; i++)
        CHECK(slow_file_event(&file, FUSE_WRITE, true, i) < slow_file_event(&file, FUSE_FSYNC, false, 0));
    CHECK(slow_file_event(&file, FUSE_FSYNC, false, 1) != -1);
    return 0;
}
