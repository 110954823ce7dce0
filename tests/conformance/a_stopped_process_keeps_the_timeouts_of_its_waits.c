/* SPDX-License-Identifier: MIT */
/* The timeout of aio_suspend ends at a moment: a process that is stopped and goes on, again and again, waits no longer. */
#include "slow_direct.h"

#include <sys/prctl.h>

enum { TIMEOUT_MS = 300, STOPS_MS = 50 };

/* Stops the parent and lets it go on until killed; each time once it has slept a moment. */
static pid_t start_stopping(void)
{
    pid_t parent = getpid(), child = MUST(fork());
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        nanosleep(&(struct timespec){.tv_nsec = STOPS_MS * 1000000}, NULL);
        kill(parent, SIGSTOP);
        kill(parent, SIGCONT);
    }
}

/* A wait that each stop begins anew never ends. */
static void expect_timeout(struct aiocb *aiocb)
{
    const struct aiocb *list[] = {aiocb};
    pid_t stopping = start_stopping();
    CHECK_FAILS(aio_suspend(list, 1, &(struct timespec){.tv_nsec = TIMEOUT_MS * 1000000}), EAGAIN);
    kill(stopping, SIGKILL);
    waitpid(stopping, NULL, 0);
}

int main(void)
{
    claim_start();
    slow_direct_start();
    char byte;
    struct stream pipe = make_pipe();
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0), direct = disk_write(0);
    SUBMIT_READ(&blocked);
    expect_timeout(&blocked);
    hold_disk();
    SUBMIT_WRITE(&direct);
    expect_timeout(&direct);
    release_disk();
    EXPECT_RESULT(&direct, SLOW_SIZE);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
