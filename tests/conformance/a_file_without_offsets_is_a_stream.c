// SPDX-License-Identifier: MIT
/* A regular file that pread refuses, as its server keeps the place (FUSE, nonseekable; those of tracing), is read and
 * written in the order of the calls, as by read and write. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    char bytes[4][100];
    atomic_store(&file.shared->open_flags, FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE);
    int fd = slow_file_open(&file, O_RDWR);
    CHECK_FAILS(pread(fd, bytes, 1, 0), ESPIPE);
    struct aiocb reads[4];
    for (int i = 0; i < 4; i++) {
        reads[i] = request(fd, bytes[i], sizeof bytes[i], 0);
        SUBMIT_READ(&reads[i]);
    }
    for (int i = 0; i < 4; i++) {
        EXPECT_RESULT(&reads[i], sizeof bytes[i]);
        CHECK_PATTERN((unsigned char *)bytes[i], sizeof bytes[i], i * sizeof bytes[i]);
    }
    struct aiocb writing = request(fd, bytes[0], 10, 0);
    SUBMIT_WRITE(&writing);
    EXPECT_RESULT(&writing, 10);
    CHECK(memcmp(file.shared->bytes + sizeof bytes, bytes[0], 10) == 0);

    atomic_store(&file.shared->error, EAGAIN);
    SUBMIT_READ(&reads[0]);
    EXPECT_ERROR(&reads[0], EAGAIN);
    return 0;
}
