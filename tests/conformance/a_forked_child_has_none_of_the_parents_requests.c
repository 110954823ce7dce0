/* SPDX-License-Identifier: MIT */
/* The parent's requests are not the child's: it finds none to cancel, gets no notification, and its copy of the buffers stays
 * as it was; the parent's go on.
 *
 * Differs from glibc: the child sees the parent's requests as its own.
 * DECISION: difference-fork */
#include "claim.h"

enum { COUNT = 20 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int sockets[2];
    make_sockets(sockets);
    static char bytes[COUNT];
    static struct aiocb reads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        reads[i] = request(sockets[0], &bytes[i], 1, 0);
        notify_by_signal(&reads[i], SIGRTMIN, i);
        SUBMIT_READ(&reads[i]);
    }
    struct stream said = make_pipe();
    pid_t child = fork();
    if (child == 0) {
        CHECK_INT(aio_cancel(sockets[0], NULL), AIO_ALLDONE);
        feed(said.writer, "c");
        close(said.reader);
        NEVER(signal_is_pending(SIGRTMIN));
        for (int i = 0; i < COUNT; i++)
            CHECK_INT(bytes[i], 0);
        _exit(0);
    }
    close(said.writer);
    drain(said.reader, 1);
    for (int i = 0; i < COUNT; i++)
        EXPECT_IN_PROGRESS(&reads[i]);
    for (int i = 0; i < COUNT; i++) {
        siginfo_t info;
        feed(sockets[1], "x");
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, i);
        EXPECT_RESULT(&reads[i], 1);
        CHECK_INT(bytes[i], 'x');
    }
    wait_for_child(child);
    return 0;
}
