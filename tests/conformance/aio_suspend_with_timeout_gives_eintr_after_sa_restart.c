/* SPDX-License-Identifier: MIT */
/* aio_suspend with a timeout gives EINTR also after a handler with SA_RESTART. */
#include "interrupted_wait.h"

static struct aiocb blocked;

static int suspend(void *unused)
{
    const struct aiocb *list[] = {&blocked};
    (void)unused;
    return aio_suspend(list, 1, &(struct timespec){1000000, 0});
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, count_interruption, SA_RESTART);
    struct stream pipe = make_pipe();
    char byte;
    blocked = request(pipe.reader, &byte, 1, 0);
    SUBMIT_READ(&blocked);
    struct interrupted_wait wait = {.wait = suspend};
    begin_wait(&wait);
    interrupt_until_it_ends(&wait);
    CHECK_INT(wait.result, -1);
    CHECK_INT(wait.error, EINTR);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
