/* SPDX-License-Identifier: MIT */
/* O_DIRECT writes reach their file though nobody asks for them nor waits: those that the disk can take at once, and those
 * for which the file system must first find room. */
#include "claim.h"

enum { COUNT = 16, SIZE = 4096 };

static bool holds(int fd, off_t offset, char expected)
{
    char byte;
    return pread(fd, &byte, 1, offset) == 1 && byte == expected;
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_DIRECT, COUNT * SIZE);
    int reader = MUST(open(temporary_path("file"), O_RDONLY));
    static _Alignas(SIZE) char bytes[SIZE];
    static struct aiocb writes[3 * COUNT];
    memset(bytes, 'w', sizeof bytes);
    /* What is there, what comes behind it, and a hole before its end. */
    for (int i = 0; i < 3 * COUNT; i++) {
        off_t offset = (off_t)(i / COUNT * 8 * COUNT + i % COUNT) * SIZE;
        writes[i] = request(fd, bytes, SIZE, offset);
        SUBMIT_WRITE(&writes[i]);
        WAIT_UNTIL(holds(reader, offset, 'w'));
        if (i == 2 * COUNT - 1)
            MUST(ftruncate(fd, (off_t)64 * COUNT * SIZE));
    }
    for (int i = 0; i < 3 * COUNT; i++)
        EXPECT_RESULT(&writes[i], SIZE);
    return 0;
}
