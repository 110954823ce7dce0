/* SPDX-License-Identifier: MIT */
/* aio_suspend without a timeout goes on after handlers with SA_RESTART. */
#include "interrupted_wait.h"

static struct aiocb blocked;

static int suspend(void *unused)
{
    const struct aiocb *list[] = {&blocked};
    (void)unused;
    return aio_suspend(list, 1, NULL);
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
    CHECK(interrupt_while_it_waits(&wait, 10));
    feed(pipe.writer, "x");
    end_wait(&wait);
    CHECK_INT(wait.result, 0);
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
