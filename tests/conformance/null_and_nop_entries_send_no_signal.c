/* SPDX-License-Identifier: MIT */
/* NULL and LIO_NOP entries of a list do nothing, send nothing and do not hold up the list's own signal. */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, 4096);
    char byte = 'x';
    siginfo_t info;
    struct aiocb nop = request(fd, &byte, 1, 0), read_request = request(fd, &byte, 1, 5), *list[] = {NULL, &nop, &read_request, NULL};
    nop.aio_lio_opcode = LIO_NOP;
    notify_by_signal(&nop, SIGRTMIN, 1);
    read_request.aio_lio_opcode = LIO_READ;
    notify_by_signal(&read_request, SIGRTMIN, 2);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 3};
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 4, &event), 0);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 2);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 3);
    CHECK_INT(lio_listio(LIO_WAIT, list, 4, NULL), 0);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 2);
    NEVER(signal_is_pending(SIGRTMIN));
    return 0;
}
