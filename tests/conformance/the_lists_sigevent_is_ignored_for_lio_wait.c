/* SPDX-License-Identifier: MIT */
/* With LIO_WAIT the list's sigevent means nothing: no signal, and no error however bad it is; the requests' own do notify. */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, 4096);
    char byte;
    siginfo_t info;
    struct aiocb read_request = request(fd, &byte, 1, 0), *list[] = {&read_request};
    read_request.aio_lio_opcode = LIO_READ;
    notify_by_signal(&read_request, SIGRTMIN, 1);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 2};
    struct sigevent bad = {.sigev_notify = 77, .sigev_signo = 1000};
    CHECK_INT(lio_listio(LIO_WAIT, list, 1, &event), 0);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 1);
    CHECK_INT(lio_listio(LIO_WAIT, list, 1, &bad), 0);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 1);
    NEVER(signal_is_pending(SIGRTMIN));
    return 0;
}
