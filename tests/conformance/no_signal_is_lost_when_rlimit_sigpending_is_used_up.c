/* SPDX-License-Identifier: MIT */
/* Signals that cannot be queued because RLIMIT_SIGPENDING is used up come when there is room again: those of requests and of
 * lists, each with its value, none twice.
 *
 * Differs from glibc: they are lost.
 * DECISION: difference-no-notification-is-lost */
#include "claim.h"

enum { COUNT = 5 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    struct rlimit before;
    MUST(getrlimit(RLIMIT_SIGPENDING, &before));
    MUST(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, before.rlim_max}));

    char bytes[COUNT], listed_byte;
    struct aiocb requests[COUNT], listed = request(fd, &listed_byte, 1, 0), *list[] = {&listed};
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(i % 2 ? fd : pipe.reader, &bytes[i], 1, 0);
        notify_by_signal(&requests[i], SIGRTMIN, i);
        SUBMIT_READ(&requests[i]);
    }
    listed.aio_lio_opcode = LIO_READ;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = COUNT};
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, &event), 0);
    feed(pipe.writer, "xxx");
    for (int i = 0; i < COUNT; i++)
        AWAIT(&requests[i]);
    AWAIT(&listed);
    CHECK(!signal_is_pending(SIGRTMIN));

    MUST(setrlimit(RLIMIT_SIGPENDING, &before));
    int seen[COUNT + 1] = {0};
    for (int i = 0; i < COUNT + 1; i++) {
        siginfo_t info;
        if (!take_signal(SIGRTMIN, &info))
            FAIL("signal %d of %d never comes", i + 1, COUNT + 1);
        CHECK_INT(info.si_code, SI_ASYNCIO);
        CHECK(info.si_value.sival_int >= 0 && info.si_value.sival_int <= COUNT);
        CHECK_INT(seen[info.si_value.sival_int]++, 0);
    }
    NEVER(signal_is_pending(SIGRTMIN));
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], 1);
    return 0;
}
