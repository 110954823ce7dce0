/* SPDX-License-Identifier: MIT */
/* The array of lio_listio with LIO_NOWAIT, and the list's sigevent, may be changed as soon as the call has returned. */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    block_signal(SIGRTMIN + 1);
    struct stream pipe = make_pipe();
    char bytes[2];
    siginfo_t info;
    struct aiocb first = request(pipe.reader, &bytes[0], 1, 0), second = request(pipe.reader, &bytes[1], 1, 0);
    struct aiocb *list[] = {&first, &second};
    first.aio_lio_opcode = second.aio_lio_opcode = LIO_READ;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 5};
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 2, &event), 0);
    memset(list, 0xa5, sizeof list);
    event.sigev_signo = SIGRTMIN + 1;
    event.sigev_value.sival_int = 6;
    feed(pipe.writer, "ab");
    EXPECT_RESULT(&first, 1);
    EXPECT_RESULT(&second, 1);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 5);
    NEVER(signal_is_pending(SIGRTMIN + 1));
    return 0;
}
