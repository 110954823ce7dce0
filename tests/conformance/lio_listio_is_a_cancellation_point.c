/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_WAIT is a cancellation point: a waiting thread can be cancelled, its requests go on, complete later, and
 * nothing of the dead call is touched.
 *
 * Differs from glibc: it cannot be cancelled.
 * DECISION: difference-lio-wait-is-a-cancellation-point */
#include "interrupted_wait.h"

enum { COUNT = 3 };

static struct aiocb requests[COUNT];
static atomic_int cleaned;

static void clean(void *unused)
{
    (void)unused;
    atomic_fetch_add(&cleaned, 1);
}

static int wait_for_list(void *unused)
{
    struct aiocb *list[COUNT];
    (void)unused;
    for (int i = 0; i < COUNT; i++)
        list[i] = &requests[i];
    pthread_cleanup_push(clean, NULL);
    lio_listio(LIO_WAIT, list, COUNT, NULL);
    FAIL("lio_listio returned");
    pthread_cleanup_pop(0);
    return 0;
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char bytes[COUNT];
    void *result;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(pipe.reader, &bytes[i], 1, 0);
            requests[i].aio_lio_opcode = LIO_READ;
        }
        struct interrupted_wait wait = {.wait = wait_for_list};
        begin_wait(&wait);
        pthread_cancel(wait.thread);
        JOIN(wait.thread, &result);
        CHECK(result == PTHREAD_CANCELED);
        CHECK_INT(atomic_load(&cleaned), round + 1);
        for (int i = 0; i < COUNT; i++)
            EXPECT_IN_PROGRESS(&requests[i]);
        feed(pipe.writer, "xxx");
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], 1);
    }
    return 0;
}
