/* SPDX-License-Identifier: MIT */
/* aio_write on an O_DIRECT descriptor of a disk returns before the disk has taken the bytes. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int disk = slow_disk_open(&file, O_RDWR | O_DIRECT);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    static _Alignas(4096) char bytes[4096];
    memset(bytes, 'w', sizeof bytes);
    struct aiocb write_request = request(disk, bytes, sizeof bytes, 8192);
    SUBMIT_WRITE(&write_request);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&write_request);

    slow_file_release(&file);
    EXPECT_RESULT(&write_request, sizeof bytes);
    CHECK(memcmp(file.shared->bytes + 8192, bytes, sizeof bytes) == 0);
    return 0;
}
