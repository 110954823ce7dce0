/* SPDX-License-Identifier: MIT */
/* Writes to a file whose descriptor is closed, and its number reused by another file, right after aio_write returned, all
 * reach the first file and none the second.
 *
 * The number is replaced by a call, or through a pointer that was initialised with the function.
 *
 * Differs from glibc: the number's new file gets what was still queued.
 * DECISION: difference-request-keeps-its-file */
#include "claim.h"

enum { ROUNDS = 200, COUNT = 8, SIZE = 4096 };

static char bytes[COUNT][SIZE], got[COUNT * SIZE];
static struct aiocb requests[COUNT];

static int (*volatile replace)(int, int) = dup2;

int main(void)
{
    claim_start();
    int decoy = temporary_file("decoy", O_RDWR, 0);
    int keep = temporary_file("file", O_RDWR, 0);
    for (int round = 0; round < ROUNDS; round++) {
        MUST(ftruncate(keep, 0));
        int fd = MUST(open(temporary_path("file"), O_RDWR | (round % 2 ? O_APPEND : 0)));
        for (int i = 0; i < COUNT; i++) {
            memset(bytes[i], 'a' + i, SIZE);
            requests[i] = request(fd, bytes[i], SIZE, i * SIZE);
            SUBMIT_WRITE(&requests[i]);
        }
        MUST(round / 2 % 2 ? replace(decoy, fd) : dup2(decoy, fd));
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], SIZE);
        close(fd);
        CHECK_INT(lseek(decoy, 0, SEEK_END), 0);
        CHECK_INT(pread(keep, got, sizeof got, 0), sizeof got);
        CHECK(memcmp(got, bytes, sizeof got) == 0);
    }
    return 0;
}
