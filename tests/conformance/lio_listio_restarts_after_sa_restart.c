/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_WAIT goes on after handlers with SA_RESTART. */
#include "interrupted_wait.h"

static struct aiocb blocked[2];

static int wait_for_list(void *unused)
{
    struct aiocb *list[] = {&blocked[0], &blocked[1]};
    (void)unused;
    return lio_listio(LIO_WAIT, list, 2, NULL);
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, count_interruption, SA_RESTART);
    struct stream pipe = make_pipe();
    char bytes[2];
    for (int i = 0; i < 2; i++) {
        blocked[i] = request(pipe.reader, &bytes[i], 1, 0);
        blocked[i].aio_lio_opcode = LIO_READ;
    }
    struct interrupted_wait wait = {.wait = wait_for_list};
    begin_wait(&wait);
    CHECK(interrupt_while_it_waits(&wait, 5));
    feed(pipe.writer, "x");
    WAIT_UNTIL(aio_error(&blocked[0]) == 0);
    CHECK(interrupt_while_it_waits(&wait, 5));
    feed(pipe.writer, "x");
    end_wait(&wait);
    CHECK_INT(wait.result, 0);
    EXPECT_RESULT(&blocked[0], 1);
    EXPECT_RESULT(&blocked[1], 1);
    return 0;
}
