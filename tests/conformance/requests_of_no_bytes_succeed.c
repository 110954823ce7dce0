/* SPDX-License-Identifier: MIT */
/* A request of zero bytes completes with 0 and leaves file and stream as they are; a read of none from an empty pipe does not
 * wait for bytes. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    struct stream pipe = make_pipe();
    char byte = 'x';
    int readers[] = {fd, pipe.reader}, writers[] = {fd, pipe.writer};
    for (int i = 0; i < 2; i++) {
        struct aiocb read_request = request(readers[i], &byte, 0, 1000), write_request = request(writers[i], &byte, 0, 1000);
        SUBMIT_READ(&read_request);
        EXPECT_RESULT(&read_request, 0);
        SUBMIT_WRITE(&write_request);
        EXPECT_RESULT(&write_request, 0);
    }
    CHECK_INT(lseek(fd, 0, SEEK_END), 100);
    CHECK_INT(bytes_waiting(pipe.reader), 0);
    CHECK_INT(byte, 'x');
    return 0;
}
