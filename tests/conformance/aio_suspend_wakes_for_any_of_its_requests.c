/* SPDX-License-Identifier: MIT */
/* aio_suspend returns as soon as any request of its list completes, whichever: the others stay in progress. */
#include "claim.h"

enum { COUNT = 15 };

static struct stream pipes[COUNT];
static struct aiocb requests[COUNT];
static atomic_int tid;

static void *suspend(void *unused)
{
    const struct aiocb *list[COUNT + 1];
    for (int i = 0; i < COUNT; i++)
        list[i] = &requests[i];
    list[COUNT] = NULL;
    atomic_store(&tid, gettid());
    CHECK_INT(aio_suspend(list, COUNT + 1, NULL), 0);
    return unused;
}

int main(void)
{
    claim_start();
    char bytes[COUNT];
    for (int i = 0; i < COUNT; i++)
        pipes[i] = make_pipe();
    for (int chosen = 0; chosen < COUNT; chosen += 7) {
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(pipes[i].reader, &bytes[i], 1, 0);
            SUBMIT_READ(&requests[i]);
        }
        pthread_t waiter;
        atomic_store(&tid, 0);
        start_thread(&waiter, suspend, NULL);
        WAIT_UNTIL(atomic_load(&tid) != 0 && is_asleep(atomic_load(&tid)));
        feed(pipes[chosen].writer, "x");
        JOIN(waiter, NULL);
        for (int i = 0; i < COUNT; i++)
            CHECK_INT(aio_error(&requests[i]), i == chosen ? 0 : EINPROGRESS);
        for (int i = 0; i < COUNT; i++) {
            if (i != chosen)
                feed(pipes[i].writer, "x");
            EXPECT_RESULT(&requests[i], 1);
        }
    }
    return 0;
}
