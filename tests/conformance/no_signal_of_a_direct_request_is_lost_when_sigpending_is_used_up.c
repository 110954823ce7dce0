/* SPDX-License-Identifier: MIT */
/* The signal of an O_DIRECT request that finds no room (RLIMIT_SIGPENDING) comes when there is room again, also where the
 * request's end was seen by a thread that asks for it in a loop, and nothing else is in flight.
 *
 * Differs from glibc: it is lost.
 * DECISION: difference-no-notification-is-lost */
#include "claim.h"

enum { ROUNDS = 50, SIZE = 4096 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR | O_DIRECT, SIZE);
    static _Alignas(4096) char bytes[SIZE];
    struct rlimit before;
    MUST(getrlimit(RLIMIT_SIGPENDING, &before));
    for (int round = 0; round < ROUNDS; round++) {
        struct aiocb read = request(fd, bytes, SIZE, 0);
        notify_by_signal(&read, SIGRTMIN, round);
        MUST(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, before.rlim_max}));
        SUBMIT_READ(&read);
        while (aio_error(&read) == EINPROGRESS)
            ;
        MUST(setrlimit(RLIMIT_SIGPENDING, &before));
        siginfo_t info;
        if (!take_signal(SIGRTMIN, &info))
            FAIL("the signal of round %d never comes", round);
        CHECK_INT(info.si_value.sival_int, round);
        EXPECT_RESULT(&read, SIZE);
    }
    return 0;
}
