/* SPDX-License-Identifier: MIT */
/* An O_DIRECT write at the file size limit gives EFBIG by aio_error and raises no SIGXFSZ. */
#include "claim.h"

#include <sys/resource.h>

enum { SIZE = 4096 };

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_DIRECT, 4 * SIZE);
    MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit){2 * SIZE, 2 * SIZE}));
    static _Alignas(4096) char bytes[2][SIZE];
    struct aiocb beyond = request(fd, bytes[0], SIZE, 2 * SIZE), below = request(fd, bytes[1], SIZE, SIZE);
    SUBMIT_WRITE(&beyond);
    SUBMIT_WRITE(&below);
    EXPECT_ERROR(&beyond, EFBIG);
    EXPECT_RESULT(&below, SIZE);
    CHECK(!signal_is_pending(SIGXFSZ));

    /* Beside others, with the signal at its default, which ends the process. */
    enum { MANY = 64 };
    static struct aiocb requests[MANY];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < MANY; i++) {
            requests[i] = request(fd, bytes[i % 2], SIZE, i % 4 == 3 ? 2 * SIZE : (i % 2) * SIZE);
            SUBMIT_WRITE(&requests[i]);
        }
        for (int i = 0; i < MANY; i++) {
            if (i % 4 == 3)
                EXPECT_ERROR(&requests[i], EFBIG);
            else
                EXPECT_RESULT(&requests[i], SIZE);
        }
    }
    CHECK(!signal_is_pending(SIGXFSZ));
    return 0;
}
