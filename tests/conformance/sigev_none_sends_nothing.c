/* SPDX-License-Identifier: MIT */
/* SIGEV_NONE, and an all-zero sigevent (SIGEV_SIGNAL with signal 0), mean no notification; the requests complete. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    char bytes[100];
    sigset_t all, pending;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < 2; i++) {
        struct aiocb aiocb = request(fd, bytes, sizeof bytes, 0), *list[] = {&aiocb};
        if (i == 1)
            memset(&aiocb.aio_sigevent, 0, sizeof aiocb.aio_sigevent);
        else
            aiocb.aio_sigevent.sigev_signo = SIGUSR1;
        SUBMIT_READ(&aiocb);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        SUBMIT_WRITE(&aiocb);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        CHECK_INT(aio_fsync(O_SYNC, &aiocb), 0);
        EXPECT_RESULT(&aiocb, 0);
        struct sigevent event = aiocb.aio_sigevent;
        aiocb.aio_lio_opcode = LIO_READ;
        CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, &event), 0);
        EXPECT_RESULT(&aiocb, sizeof bytes);
    }
    NEVER(sigpending(&pending) == 0 && !sigisemptyset(&pending));
    return 0;
}
