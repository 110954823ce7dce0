/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_WAIT and aio_suspend return though the signals of their requests find no room: the caller may have to go
 * on for there to be some. The signals come when there is.
 *
 * Differs from glibc: the results become those of sigqueue, and the signals are lost.
 * DECISION: difference-no-notification-is-lost */
#include "claim.h"

enum { COUNT = 4 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    struct rlimit before;
    MUST(getrlimit(RLIMIT_SIGPENDING, &before));
    MUST(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){0, before.rlim_max}));

    char bytes[COUNT] = "";
    struct aiocb requests[COUNT], *list[COUNT];
    for (int i = 0; i < COUNT; i++) {
        requests[i] = i == 0 ? request(pipe.reader, bytes, 1, 0) : request(fd, &bytes[i], 1, i);
        requests[i].aio_lio_opcode = i == 0 ? LIO_READ : LIO_WRITE;
        notify_by_signal(&requests[i], SIGRTMIN, i);
        list[i] = &requests[i];
    }
    feed(pipe.writer, "x");
    CHECK_INT(lio_listio(LIO_WAIT, list, COUNT, NULL), 0);
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], 1);

    for (int i = 0; i < COUNT; i++) {
        const struct aiocb *waited[] = {&requests[i]};
        CHECK_INT(i == 0 ? aio_read(&requests[i]) : aio_write(&requests[i]), 0);
        if (i == 0)
            feed(pipe.writer, "x");
        CHECK_INT(aio_suspend(waited, 1, NULL), 0);
        EXPECT_RESULT(&requests[i], 1);
    }
    CHECK(!signal_is_pending(SIGRTMIN));

    MUST(setrlimit(RLIMIT_SIGPENDING, &before));
    int seen[COUNT] = {0};
    for (int i = 0; i < 2 * COUNT; i++) {
        siginfo_t info;
        if (!take_signal(SIGRTMIN, &info))
            FAIL("signal %d of %d never comes", i + 1, 2 * COUNT);
        CHECK(info.si_value.sival_int >= 0 && info.si_value.sival_int < COUNT);
        seen[info.si_value.sival_int]++;
    }
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(seen[i], 2);
    return 0;
}
