/* SPDX-License-Identifier: MIT */
/* A buffered write of a part of a block must read the rest of that block first: aio_write does not wait for that. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int disk = slow_disk_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[100];
    memset(bytes, 'w', sizeof bytes);
    struct aiocb write_request = request(disk, bytes, sizeof bytes, 8192 + 50);
    SUBMIT_WRITE(&write_request);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&write_request);

    slow_file_release(&file);
    EXPECT_RESULT(&write_request, sizeof bytes);
    CHECK_INT(fsync(disk), 0);
    CHECK_PATTERN(file.shared->bytes + 8192, 50, 8192);
    CHECK(memcmp(file.shared->bytes + 8192 + 50, bytes, sizeof bytes) == 0);
    CHECK_PATTERN(file.shared->bytes + 8192 + 150, 362, 8192 + 150);
    return 0;
}
