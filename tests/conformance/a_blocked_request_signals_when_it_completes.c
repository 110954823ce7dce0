/* SPDX-License-Identifier: MIT */
/* The signal of a request that waits for its peer comes when it completes, not before; its handler sees it complete. */
#include "claim.h"

static struct aiocb read_request;
static atomic_int handled, seen_error;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    atomic_store(&seen_error, aio_error(info->si_value.sival_ptr));
    atomic_fetch_add(&handled, 1);
}

int main(void)
{
    claim_start();
    handle(SIGRTMIN, note, SA_RESTART);
    struct stream pipe = make_pipe();
    char byte;
    read_request = request(pipe.reader, &byte, 1, 0);
    notify_by_signal(&read_request, SIGRTMIN, 0);
    read_request.aio_sigevent.sigev_value.sival_ptr = &read_request;
    atomic_store(&seen_error, -1);
    SUBMIT_READ(&read_request);
    NEVER(atomic_load(&handled) != 0);
    feed(pipe.writer, "x");
    WAIT_UNTIL(atomic_load(&handled) == 1);
    CHECK_INT(atomic_load(&seen_error), 0);
    EXPECT_RESULT(&read_request, 1);
    return 0;
}
