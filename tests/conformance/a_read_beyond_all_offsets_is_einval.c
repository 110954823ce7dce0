/* SPDX-License-Identifier: MIT */
/* A read that begins at a valid offset and would end beyond the greatest one fails as pread does, however long it is. */
#include "claim.h"

int main(void)
{
    claim_start();
    static char bytes[300000];
    const off_t greatest = sizeof(off_t) == 8 ? (off_t)INT64_MAX : (off_t)INT32_MAX;
    int fd = temporary_file("file", O_RDWR, 4096);
    for (size_t size = 4096; size <= sizeof bytes; size += sizeof bytes - 4096) {
        const off_t offset = greatest - (off_t)size / 2;
        const ssize_t expected = pread(fd, bytes, size, offset);
        const int error = expected == -1 ? errno : 0;
        struct aiocb read_request = request(fd, bytes, size, offset);
        SUBMIT_READ(&read_request);
        AWAIT(&read_request);
        CHECK_INT(aio_error(&read_request), error);
        CHECK_INT(aio_return(&read_request), expected);
    }
    return 0;
}
