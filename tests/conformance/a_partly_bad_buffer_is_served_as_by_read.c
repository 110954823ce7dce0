/* SPDX-License-Identifier: MIT */
/* A request whose buffer is bad from some point on gives what pread and pwrite give: the bytes before that point. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 65536);
    char *bytes = MUST((char *)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    MUST(mprotect(bytes + 4096, 4096, PROT_NONE));
    ssize_t read_expected = pread(fd, bytes, 8192, 0), write_expected = pwrite(fd, bytes, 8192, 0);
    struct aiocb read_request = request(fd, bytes, 8192, 0), write_request = request(fd, bytes, 8192, 0);
    SUBMIT_READ(&read_request);
    AWAIT(&read_request);
    CHECK_INT(aio_return(&read_request), read_expected);
    SUBMIT_WRITE(&write_request);
    AWAIT(&write_request);
    CHECK_INT(aio_return(&write_request), write_expected);
    return 0;
}
