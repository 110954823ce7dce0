/* SPDX-License-Identifier: MIT */
/* A completion signal carries SI_ASYNCIO, the request's value (also a pointer), the process's own pid and uid; real-time and
 * ordinary signals alike. */
#include "claim.h"

static void try_on(struct aiocb aiocb, int number, ssize_t result, int operation)
{
    static int place;
    siginfo_t info;
    aiocb.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    aiocb.aio_sigevent.sigev_signo = number;
    aiocb.aio_sigevent.sigev_value.sival_ptr = &place;
    CHECK_INT(operation == LIO_READ ? aio_read(&aiocb) : operation == LIO_WRITE ? aio_write(&aiocb) : aio_fsync(O_SYNC, &aiocb), 0);
    CHECK(take_signal(number, &info));
    CHECK_INT(info.si_signo, number);
    CHECK_INT(info.si_code, SI_ASYNCIO);
    CHECK(info.si_value.sival_ptr == &place);
    CHECK_INT(info.si_pid, getpid());
    CHECK_INT(info.si_uid, getuid());
    CHECK_INT(info.si_errno, 0);
    CHECK(aio_error(&aiocb) != EINPROGRESS); /* complete before the signal is sent */
    EXPECT_RESULT(&aiocb, result);
    CHECK(!signal_is_pending(number));
}

int main(void)
{
    claim_start();
    int numbers[] = {SIGRTMIN, SIGRTMAX, SIGUSR1, SIGIO};
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char bytes[10];
    for (int i = 0; i < 4; i++) {
        block_signal(numbers[i]);
        try_on(request(fd, bytes, 10, 0), numbers[i], 10, LIO_READ);
        try_on(request(fd, bytes, 10, 0), numbers[i], 10, LIO_WRITE);
        try_on(request(fd, NULL, 0, 0), numbers[i], 0, LIO_NOP);
        try_on(request(pipe.writer, bytes, 10, 0), numbers[i], 10, LIO_WRITE);
        try_on(request(pipe.reader, bytes, 10, 0), numbers[i], 10, LIO_READ);
    }
    return 0;
}
