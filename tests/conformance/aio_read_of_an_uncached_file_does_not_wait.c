/* SPDX-License-Identifier: MIT */
/* aio_read of bytes that are not in memory returns before the storage has answered. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDONLY);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096];
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 8192);
    SUBMIT_READ(&read_request);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&read_request);

    slow_file_release(&file);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK_PATTERN(bytes, sizeof bytes, 8192);
    return 0;
}
