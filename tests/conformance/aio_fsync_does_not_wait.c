/* SPDX-License-Identifier: MIT */
/* aio_fsync returns while a write before it is still at the storage, and completes after it. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096] = "w";
    struct aiocb write_request = request(fd, bytes, sizeof bytes, 0), sync_request = request(fd, NULL, 0, 0);
    SUBMIT_WRITE(&write_request);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&sync_request);

    slow_file_release(&file);
    EXPECT_RESULT(&sync_request, 0);
    EXPECT_RESULT(&write_request, sizeof bytes);
    return 0;
}
