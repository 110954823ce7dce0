/* SPDX-License-Identifier: MIT */
/* The same for a block device, whose file system takes RWF_NOWAIT: aio_read returns before the disk has answered. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int disk = slow_disk_open(&file, O_RDONLY);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096];
    struct aiocb read_request = request(disk, bytes, sizeof bytes, 8192);
    SUBMIT_READ(&read_request);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&read_request);

    slow_file_release(&file);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK_PATTERN(bytes, sizeof bytes, 8192);
    return 0;
}
