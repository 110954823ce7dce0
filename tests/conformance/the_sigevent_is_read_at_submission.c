/* SPDX-License-Identifier: MIT */
/* aio_sigevent is read once, at submission: changing it while the request runs changes nothing.
 *
 * Differs from glibc: it reads it again at completion.
 * DECISION: difference-aiocb-read-once */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    block_signal(SIGRTMIN + 1);
    struct stream pipe = make_pipe();
    char bytes[2];
    siginfo_t info;
    struct aiocb loud = request(pipe.reader, &bytes[0], 1, 0), quiet = request(pipe.reader, &bytes[1], 1, 0);
    notify_by_signal(&loud, SIGRTMIN, 7);
    SUBMIT_READ(&loud);
    SUBMIT_READ(&quiet);
    notify_by_signal(&loud, SIGRTMIN + 1, 8);
    notify_by_signal(&quiet, SIGRTMIN + 1, 9);
    feed(pipe.writer, "ab");
    EXPECT_RESULT(&loud, 1);
    EXPECT_RESULT(&quiet, 1);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_value.sival_int, 7);
    NEVER(signal_is_pending(SIGRTMIN + 1));
    return 0;
}
