/* SPDX-License-Identifier: MIT */
/* Where requests are told in the order of the calls, a cancelled one has its result when aio_cancel says so, and its signal
 * comes when it is its turn.
 *
 * Differs from glibc: the signal comes at once.
 * DECISION: difference-cancelled-requests-take-their-turn */
#include "claim.h"

enum { COUNT = 5 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    struct stream pipe = make_pipe();
    char bytes[COUNT];
    struct aiocb requests[COUNT];
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(pipe.reader, &bytes[i], 1, 0);
        notify_by_signal(&requests[i], SIGRTMIN, i);
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 1; i < COUNT; i += 2) {
        CHECK_INT(aio_cancel(pipe.reader, &requests[i]), AIO_CANCELED);
        CHECK_INT(aio_error(&requests[i]), ECANCELED);
        const struct aiocb *list[] = {&requests[i]};
        CHECK_INT(aio_suspend(list, 1, NULL), 0);
        CHECK_INT(aio_cancel(pipe.reader, &requests[i]), AIO_ALLDONE);
    }
    NEVER(signal_is_pending(SIGRTMIN));
    feed(pipe.writer, "abc");
    for (int i = 0; i < COUNT; i++) {
        siginfo_t info;
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, i);
    }
    CHECK(bytes[0] == 'a' && bytes[2] == 'b' && bytes[4] == 'c');
    return 0;
}
