/* SPDX-License-Identifier: MIT */
/* A list without any request, with LIO_NOWAIT, sends its notification at once; with LIO_WAIT it returns 0 at once. */
#include "claim.h"

static sem_t called;

static void note(union sigval value)
{
    CHECK_INT(value.sival_int, 9);
    sem_post(&called);
}

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    sem_init(&called, 0, 0);
    struct aiocb nop = request(-1, NULL, 0, 0), *list[] = {NULL, &nop, NULL};
    nop.aio_lio_opcode = LIO_NOP;
    int counts[] = {0, 1, 3};
    for (int i = 0; i < 3; i++) {
        siginfo_t info;
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 8};
        CHECK_INT(lio_listio(LIO_NOWAIT, list, counts[i], &event), 0);
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, 8);
        CHECK_INT(info.si_code, SI_ASYNCIO);
        CHECK_INT(lio_listio(LIO_NOWAIT, list, counts[i], NULL), 0);
        CHECK_INT(lio_listio(LIO_WAIT, list, counts[i], NULL), 0);
    }
    for (int i = 0; i < 3; i++) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = note, .sigev_value.sival_int = 9};
        CHECK_INT(lio_listio(LIO_NOWAIT, list, counts[i], &event), 0);
        AWAIT_POST(&called);
    }
    return 0;
}
