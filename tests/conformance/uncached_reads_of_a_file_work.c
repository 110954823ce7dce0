/* SPDX-License-Identifier: MIT */
/* Reads of a file whose pages were thrown out of memory, all or in part, give every byte. */
#include "claim.h"

enum { SIZE = 1 << 20, PIECE = 65536 };

static unsigned char bytes[SIZE];

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, SIZE);
    for (int round = 0; round < 3; round++) {
        struct aiocb requests[SIZE / PIECE];
        MUST(fsync(fd));
        posix_fadvise(fd, round == 0 ? 0 : 30000, round == 2 ? 40000 : 0, POSIX_FADV_DONTNEED);
        memset(bytes, 0, sizeof bytes);
        for (int i = 0; i < SIZE / PIECE; i++) {
            requests[i] = request(fd, bytes + i * PIECE, PIECE, i * PIECE);
            SUBMIT_READ(&requests[i]);
        }
        for (int i = 0; i < SIZE / PIECE; i++)
            EXPECT_RESULT(&requests[i], PIECE);
        CHECK_PATTERN(bytes, SIZE, 0);
    }
    return 0;
}
