/* SPDX-License-Identifier: MIT */
/* Every thread that waits in aio_suspend for the same request wakes when it completes. */
#include "claim.h"

enum { COUNT = 10 };

static struct aiocb blocked, never;
static atomic_int waiting;

static void *suspend(void *argument)
{
    const struct aiocb *list[] = {&never, &blocked};
    struct timespec forever = {1000000, 0};
    atomic_fetch_add(&waiting, 1);
    CHECK_INT(aio_suspend(list, 2, argument != NULL ? &forever : NULL), 0);
    CHECK_INT(aio_error(&blocked), 0);
    return NULL;
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe(), quiet = make_pipe();
    char bytes[2];
    for (int round = 0; round < 20; round++) {
        blocked = request(pipe.reader, &bytes[0], 1, 0);
        never = request(quiet.reader, &bytes[1], 1, 0);
        SUBMIT_READ(&blocked);
        SUBMIT_READ(&never);
        pthread_t threads[COUNT];
        atomic_store(&waiting, 0);
        for (int i = 0; i < COUNT; i++)
            start_thread(&threads[i], suspend, i % 2 ? &pipe : NULL);
        WAIT_UNTIL(atomic_load(&waiting) == COUNT);
        feed(pipe.writer, "x");
        for (int i = 0; i < COUNT; i++)
            JOIN(threads[i], NULL);
        EXPECT_IN_PROGRESS(&never);
        feed(quiet.writer, "x");
        EXPECT_RESULT(&never, 1);
    }
    return 0;
}
