/* SPDX-License-Identifier: MIT */
/* The handler of a completion signal may call aio_error, aio_return and aio_suspend for its request, while the thread that it
 * interrupts submits and waits without a pause. */
#include "claim.h"

enum { COUNT = 2000 };

static struct aiocb requests[COUNT];
static atomic_int handled;

static void complete(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    struct aiocb *aiocb = info->si_value.sival_ptr;
    const struct aiocb *list[] = {aiocb};
    int error = errno;
    CHECK_INT(aio_error(aiocb), 0);
    CHECK_INT(aio_suspend(list, 1, NULL), 0);
    CHECK_INT(aio_return(aiocb), 16);
    errno = error;
    atomic_fetch_add(&handled, 1);
}

int main(void)
{
    claim_start();
    handle(SIGRTMIN, complete, SA_RESTART);
    int fd = temporary_file("file", O_RDWR, 65536);
    static char bytes[COUNT][16];
    struct aiocb other = request(fd, bytes[0], 16, 0);
    const struct aiocb *list[] = {&other};
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(fd, bytes[i], 16, i);
        notify_by_signal(&requests[i], SIGRTMIN, 0);
        requests[i].aio_sigevent.sigev_value.sival_ptr = &requests[i];
        if (i % 2)
            SUBMIT_READ(&requests[i]);
        else
            SUBMIT_WRITE(&requests[i]);
        if (i % 5 == 0) {
            other = request(fd, bytes[0], 16, 0);
            SUBMIT_READ(&other);
            while (aio_error(&other) == EINPROGRESS)
                aio_suspend(list, 1, NULL);
        }
    }
    WAIT_UNTIL(atomic_load(&handled) == COUNT);
    return 0;
}
