/* SPDX-License-Identifier: MIT */
/* Writes and reads on an O_DIRECT descriptor, many at a time, keep their data; a read across the end is short. */
#include "claim.h"

enum { COUNT = 64, SIZE = 4096 };

static _Alignas(4096) unsigned char bytes[COUNT][SIZE];

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_DIRECT, COUNT * SIZE);
    struct aiocb requests[COUNT];
    for (int i = 0; i < COUNT; i++) {
        fill_pattern(bytes[i], SIZE, (off_t)i * SIZE);
        requests[i] = request(fd, bytes[i], SIZE, (off_t)i * SIZE);
        SUBMIT_WRITE(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
    memset(bytes, 0, sizeof bytes);
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(fd, bytes[i], SIZE, (off_t)i * SIZE);
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_RESULT(&requests[i], SIZE);
        CHECK_PATTERN(bytes[i], SIZE, (off_t)i * SIZE);
    }

    MUST(ftruncate(fd, 1000));
    struct aiocb at_end = request(fd, bytes[0], SIZE, 0), beyond = request(fd, bytes[1], SIZE, COUNT * SIZE);
    SUBMIT_READ(&at_end);
    SUBMIT_READ(&beyond);
    EXPECT_RESULT(&at_end, 1000);
    CHECK_PATTERN(bytes[0], 1000, 0);
    EXPECT_RESULT(&beyond, 0);
    return 0;
}
