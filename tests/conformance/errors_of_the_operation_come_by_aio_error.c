/* SPDX-License-Identifier: MIT */
/* What read() and write() would fail with comes by aio_error, the call itself returns 0: EISDIR, ENOSPC, EINVAL of O_DIRECT. */
#include "claim.h"

int main(void)
{
    claim_start();
    static _Alignas(4096) char bytes[8192];
    int directory = MUST(open("/", O_RDONLY | O_DIRECTORY)), full = MUST(open("/dev/full", O_WRONLY));
    struct aiocb of_directory = request(directory, bytes, 100, 0), to_full = request(full, bytes, 100, 0);
    SUBMIT_READ(&of_directory);
    EXPECT_ERROR(&of_directory, EISDIR);
    SUBMIT_WRITE(&to_full);
    EXPECT_ERROR(&to_full, ENOSPC);

    int direct = temporary_file("file", O_RDWR | O_DIRECT, 8192);
    ssize_t expected = pread(direct, bytes, 1000, 100);
    int expected_errno = errno;
    struct aiocb crooked = request(direct, bytes, 1000, 100);
    SUBMIT_READ(&crooked);
    if (expected == -1)
        EXPECT_ERROR(&crooked, expected_errno);
    else
        EXPECT_RESULT(&crooked, expected);
    return 0;
}
