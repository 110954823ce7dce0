/* SPDX-License-Identifier: MIT */
/* aio_write to a file whose storage does not answer returns at once. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096];
    memset(bytes, 'w', sizeof bytes);
    struct aiocb write_request = request(fd, bytes, sizeof bytes, 8192);
    SUBMIT_WRITE(&write_request);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&write_request);

    slow_file_release(&file);
    EXPECT_RESULT(&write_request, sizeof bytes);
    CHECK(memcmp(file.shared->bytes + 8192, bytes, sizeof bytes) == 0);
    return 0;
}
