// SPDX-License-Identifier: MIT
/* A read of a new eventfd does not wait for a blocked read of the one that had its number before.
 *
 * Differs from glibc, which keeps an order by number.
 * DECISION: difference-request-keeps-its-file */
#include "claim.h"

#include <sys/eventfd.h>

int main(void)
{
    claim_start();
    uint64_t first, second, one = 1;
    int fd = MUST(eventfd(0, 0)), kept = MUST(dup(fd));
    struct aiocb blocked = request(fd, &first, sizeof first, 0);
    SUBMIT_READ(&blocked);
    close(fd);
    CHECK_INT(MUST(eventfd(7, 0)), fd);
    struct aiocb ready = request(fd, &second, sizeof second, 0);
    SUBMIT_READ(&ready);
    EXPECT_RESULT(&ready, sizeof second);
    CHECK_INT(second, 7);
    EXPECT_IN_PROGRESS(&blocked);
    CHECK_INT(write(kept, &one, sizeof one), sizeof one);
    EXPECT_RESULT(&blocked, sizeof first);
    return 0;
}
