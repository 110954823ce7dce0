/* SPDX-License-Identifier: MIT */
/* A read of which the beginning is in memory and the rest is not ends as one read with every byte, without a wait at
 * submission: on a file system and on a block device (which takes RWF_NOWAIT and gives the cached part). */
#include "slow_file.h"

static void try_on(struct slow_file *file, int fd)
{
    enum { CACHED = 16384, WHOLE = 65536 };
    static char bytes[WHOLE];
    CHECK_INT(pread(fd, bytes, CACHED, 0), CACHED);
    memset(bytes, 0, sizeof bytes);
    slow_file_hold(file, CACHED, SLOW_FILE_SIZE);

    struct aiocb read_request = request(fd, bytes + 100, WHOLE - 200, 100);
    SUBMIT_READ(&read_request);
    AWAIT_HELD(file, 1);
    EXPECT_IN_PROGRESS(&read_request);

    slow_file_release(file);
    EXPECT_RESULT(&read_request, WHOLE - 200);
    CHECK_PATTERN(bytes + 100, WHOLE - 200, 100);
}

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int disk = slow_disk_open(&file, O_RDONLY);
    try_on(&file, disk);
    int fd = slow_file_open(&file, O_RDONLY);
    CHECK_INT(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
    try_on(&file, fd);
    return 0;
}
