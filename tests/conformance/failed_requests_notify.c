/* SPDX-License-Identifier: MIT */
/* A request that fails notifies as one that succeeds does, and counts for its list. */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int bad[] = {-1, MUST(open("/", O_RDONLY | O_DIRECTORY))}, errors[] = {EBADF, EISDIR};
    for (int i = 0; i < 2; i++) {
        char byte;
        siginfo_t info;
        struct aiocb failing = request(bad[i], &byte, 1, 0), *list[] = {&failing};
        notify_by_signal(&failing, SIGRTMIN, 10);
        SUBMIT_READ(&failing);
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, 10);
        CHECK_INT(info.si_code, SI_ASYNCIO);
        EXPECT_ERROR(&failing, errors[i]);

        failing.aio_lio_opcode = LIO_READ;
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 11};
        lio_listio(LIO_NOWAIT, list, 1, &event); /* its value is another claim's */
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, 10);
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, 11);
        EXPECT_ERROR(&failing, errors[i]);
    }
    return 0;
}
