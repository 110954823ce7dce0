/* SPDX-License-Identifier: MIT */
/* A buffer outside the address space: EFAULT by aio_error, for files and for streams, and the stream keeps its bytes. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 10000);
    struct stream pipe = make_pipe();
    feed(pipe.writer, "kept");
    void *nowhere = MUST((char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    int readers[] = {fd, pipe.reader}, writers[] = {fd, pipe.writer};
    for (int i = 0; i < 2; i++) {
        struct aiocb read_request = request(readers[i], nowhere, 4, 0), write_request = request(writers[i], nowhere, 4, 0);
        SUBMIT_READ(&read_request);
        EXPECT_ERROR(&read_request, EFAULT);
        SUBMIT_WRITE(&write_request);
        EXPECT_ERROR(&write_request, EFAULT);
    }
    CHECK_INT(bytes_waiting(pipe.reader), 4);
    return 0;
}
