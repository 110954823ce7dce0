/* SPDX-License-Identifier: MIT */
/* A read that the storage is at work on cannot be taken back: AIO_NOTCANCELED, and it completes with its bytes. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDONLY);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    char bytes[4096];
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0);
    SUBMIT_READ(&read_request);
    AWAIT_HELD(&file, 1);
    CHECK_INT(aio_cancel(fd, &read_request), AIO_NOTCANCELED);
    CHECK_INT(aio_cancel(fd, NULL), AIO_NOTCANCELED);
    EXPECT_IN_PROGRESS(&read_request);

    slow_file_release(&file);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK_PATTERN(bytes, sizeof bytes, 0);
    return 0;
}
