/* SPDX-License-Identifier: MIT */
/* A handler without SA_RESTART that interrupts aio_suspend ends it with EINTR, with and without a timeout; the request goes on
 * and can be waited for again. */
#include "interrupted_wait.h"

static struct aiocb blocked;
static struct timespec forever = {1000000, 0};

static int suspend(void *timeout)
{
    const struct aiocb *list[] = {&blocked};
    return aio_suspend(list, 1, timeout);
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, count_interruption, 0);
    struct stream pipe = make_pipe();
    char byte;
    for (int i = 0; i < 2; i++) {
        struct interrupted_wait wait = {.wait = suspend, .argument = i == 0 ? NULL : &forever};
        blocked = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&blocked);
        begin_wait(&wait);
        interrupt_until_it_ends(&wait);
        CHECK_INT(wait.result, -1);
        CHECK_INT(wait.error, EINTR);
        EXPECT_IN_PROGRESS(&blocked);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
    }
    return 0;
}
