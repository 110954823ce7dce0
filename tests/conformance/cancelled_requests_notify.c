/* SPDX-License-Identifier: MIT */
/* A cancelled request sends its notification like any other, and counts for its list. */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    struct stream pipe = make_pipe();
    char bytes[3];
    siginfo_t info;
    struct aiocb blocker = request(pipe.reader, &bytes[0], 1, 0), alone = request(pipe.reader, &bytes[1], 1, 0);
    struct aiocb listed = request(pipe.reader, &bytes[2], 1, 0), *list[] = {&listed};
    notify_by_signal(&alone, SIGRTMIN, 1);
    notify_by_signal(&listed, SIGRTMIN, 2);
    listed.aio_lio_opcode = LIO_READ;
    struct sigevent of_list = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 3};
    SUBMIT_READ(&blocker);
    SUBMIT_READ(&alone);
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, &of_list), 0);

    CHECK_INT(aio_cancel(pipe.reader, &alone), AIO_CANCELED);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 1);
    CHECK_INT(info.si_code, SI_ASYNCIO);
    CHECK_INT(aio_cancel(pipe.reader, &listed), AIO_CANCELED);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 2);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 3);
    CHECK(!signal_is_pending(SIGRTMIN));
    return 0;
}
