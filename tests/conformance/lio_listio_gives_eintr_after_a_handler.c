/* SPDX-License-Identifier: MIT */
/* A handler without SA_RESTART that interrupts lio_listio with LIO_WAIT ends it with EINTR; its requests go on, complete later,
 * and nothing of the dead call is touched.
 *
 * Differs from glibc: a pointer into the dead stack frame stays behind.
 * DECISION: difference-interrupted-list */
#include "interrupted_wait.h"

enum { COUNT = 4 };

static struct aiocb requests[COUNT];

static __attribute__((noinline)) int wait_for_list(void *unused)
{
    struct aiocb *list[COUNT];
    (void)unused;
    for (int i = 0; i < COUNT; i++)
        list[i] = &requests[i];
    return lio_listio(LIO_WAIT, list, COUNT, NULL);
}

static __attribute__((noinline)) void overwrite_the_stack(void)
{
    volatile unsigned char bytes[32768];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 0xff;
    for (size_t i = 0; i < sizeof bytes; i++)
        CHECK_INT(bytes[i], 0xff);
}

static int wait_and_overwrite(void *unused)
{
    int result = wait_for_list(unused), error = errno;
    overwrite_the_stack();
    errno = error;
    return result;
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, count_interruption, 0);
    char bytes[COUNT];
    struct stream pipes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        pipes[i] = make_pipe();
        requests[i] = request(pipes[i].reader, &bytes[i], 1, 0);
        requests[i].aio_lio_opcode = LIO_READ;
    }
    struct interrupted_wait wait = {.wait = wait_and_overwrite};
    begin_wait(&wait);
    interrupt_until_it_ends(&wait);
    CHECK_INT(wait.result, -1);
    CHECK_INT(wait.error, EINTR);
    for (int i = 0; i < COUNT; i++) {
        EXPECT_IN_PROGRESS(&requests[i]);
        feed(pipes[i].writer, "x");
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], 1);
    return 0;
}
