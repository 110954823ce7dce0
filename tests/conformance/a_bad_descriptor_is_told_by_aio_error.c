/* SPDX-License-Identifier: MIT */
/* Bad descriptor: aio_read and aio_write return 0 and EBADF comes by aio_error; likewise a descriptor opened the other way. */
#include "claim.h"

int main(void)
{
    claim_start();
    char byte = 'x';
    int closed = MUST(dup(0));
    close(closed);
    int bad[] = {-1, closed, 1 << 30};
    for (int i = 0; i < 3; i++) {
        struct aiocb read_request = request(bad[i], &byte, 1, 0), write_request = request(bad[i], &byte, 1, 0);
        SUBMIT_READ(&read_request);
        EXPECT_ERROR(&read_request, EBADF);
        SUBMIT_WRITE(&write_request);
        EXPECT_ERROR(&write_request, EBADF);
    }

    struct stream pipe = make_pipe();
    int write_only = temporary_file("file", O_WRONLY, 10), read_only = temporary_file("file", O_RDONLY, 10);
    int unreadable[] = {pipe.writer, write_only}, unwritable[] = {pipe.reader, read_only};
    for (int i = 0; i < 2; i++) {
        struct aiocb read_request = request(unreadable[i], &byte, 1, 0), write_request = request(unwritable[i], &byte, 1, 0);
        SUBMIT_READ(&read_request);
        EXPECT_ERROR(&read_request, EBADF);
        SUBMIT_WRITE(&write_request);
        EXPECT_ERROR(&write_request, EBADF);
    }
    return 0;
}
