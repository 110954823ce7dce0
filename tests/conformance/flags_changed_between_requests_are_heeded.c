/* SPDX-License-Identifier: MIT */
/* fcntl(F_SETFL) on a descriptor whose requests are over counts for the next: writes that append then keep their order,
 * whichever is waited for first. */
#include "claim.h"

enum { COUNT = 4, SIZE = 64, ROUNDS = 100 };

int main(void)
{
    claim_start();
    static char bytes[COUNT][SIZE], all[COUNT * SIZE];
    int fd = temporary_file("file", O_RDWR, SIZE);
    int flags = MUST(fcntl(fd, F_GETFL));
    for (int round = 0; round < ROUNDS; round++) {
        struct aiocb first = request(fd, bytes[0], SIZE, 0), requests[COUNT];
        MUST(fcntl(fd, F_SETFL, flags));
        SUBMIT_WRITE(&first);
        EXPECT_RESULT(&first, SIZE);
        MUST(ftruncate(fd, SIZE));
        MUST(fcntl(fd, F_SETFL, flags | O_APPEND));
        for (int i = 0; i < COUNT; i++) {
            memset(bytes[i], 'a' + i, SIZE);
            snprintf(bytes[i], SIZE, "%d %d", round, i);
            requests[i] = request(fd, bytes[i], SIZE, (COUNT - i) * 7);
            SUBMIT_WRITE(&requests[i]);
        }
        for (int i = COUNT - 1; i >= 0; i--) {
            const struct aiocb *one[] = {&requests[i]};
            CHECK_INT(aio_suspend(one, 1, NULL), 0);
            EXPECT_RESULT(&requests[i], SIZE);
        }
        CHECK_INT(pread(fd, all, sizeof all, SIZE), sizeof all);
        CHECK(memcmp(all, bytes, sizeof all) == 0);
    }
    return 0;
}
