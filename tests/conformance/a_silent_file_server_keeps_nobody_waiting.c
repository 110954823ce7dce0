/* SPDX-License-Identifier: MIT */
/* aio_read, aio_write and aio_fsync return at once though the file's server answers nothing: neither transfers nor what is
 * asked of the file and its file system. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_silence(&file);

    char read_bytes[4096], write_bytes[4096];
    memset(write_bytes, 'w', sizeof write_bytes);
    struct aiocb read_request = request(fd, read_bytes, sizeof read_bytes, 0),
                 write_request = request(fd, write_bytes, sizeof write_bytes, 8192), sync_request = request(fd, NULL, 0, 0);
    SUBMIT_READ(&read_request);
    SUBMIT_WRITE(&write_request);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    AWAIT_HELD(&file, 1);
    EXPECT_IN_PROGRESS(&read_request);
    EXPECT_IN_PROGRESS(&write_request);
    EXPECT_IN_PROGRESS(&sync_request);

    slow_file_release(&file);
    EXPECT_RESULT(&read_request, sizeof read_bytes);
    EXPECT_RESULT(&write_request, sizeof write_bytes);
    EXPECT_RESULT(&sync_request, 0);
    CHECK(memcmp(read_bytes, file.shared->bytes, sizeof read_bytes) == 0);
    CHECK(memcmp(file.shared->bytes + 8192, write_bytes, sizeof write_bytes) == 0);
    return 0;
}
