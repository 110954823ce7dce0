/* SPDX-License-Identifier: MIT */
/* Two requests on one descriptor of a file run at the same time: the second completes while the storage keeps the first.
 *
 * Differs from glibc: it runs all requests of a descriptor one after the other.
 * DECISION: difference-parallel-requests */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, 4096);

    char first_bytes[4096], second_bytes[4096];
    struct aiocb first = request(fd, first_bytes, 4096, 0), second = request(fd, second_bytes, 4096, 65536);
    SUBMIT_READ(&first);
    AWAIT_HELD(&file, 1);
    SUBMIT_READ(&second);
    EXPECT_RESULT(&second, 4096);
    EXPECT_IN_PROGRESS(&first);

    slow_file_release(&file);
    EXPECT_RESULT(&first, 4096);
    CHECK_PATTERN(first_bytes, 4096, 0);
    CHECK_PATTERN(second_bytes, 4096, 65536);
    return 0;
}
