/* SPDX-License-Identifier: MIT */
/* 500 writes, then 500 reads of one file, all in flight together and of many sizes, each with its own bytes. */
#include "claim.h"

enum { COUNT = 500, PLACE = 8192 };

static struct aiocb requests[COUNT];
static unsigned char bytes[COUNT][PLACE];

static size_t size_of(int i)
{
    return (size_t)(1 + i * 7919 % PLACE);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 0);
    for (int i = 0; i < COUNT; i++) {
        fill_pattern(bytes[i], size_of(i), (off_t)i * PLACE);
        requests[i] = request(fd, bytes[i], size_of(i), (off_t)i * PLACE);
        SUBMIT_WRITE(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], size_of(i));

    memset(bytes, 0, sizeof bytes);
    for (int i = COUNT - 1; i >= 0; i--) {
        requests[i] = request(fd, bytes[i], size_of(i), (off_t)i * PLACE);
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_RESULT(&requests[i], size_of(i));
        CHECK_PATTERN(bytes[i], size_of(i), (off_t)i * PLACE);
    }
    return 0;
}
