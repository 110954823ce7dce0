/* SPDX-License-Identifier: MIT */
/* aio_suspend is a cancellation point: a waiting thread can be cancelled, with and without a timeout, and a cancellation that
 * is pending already acts when it would wait. The request goes on and everything stays consistent. */
#include "interrupted_wait.h"

static struct aiocb blocked;
static struct timespec forever = {1000000, 0};
static atomic_int cleaned;

static void clean(void *unused)
{
    (void)unused;
    atomic_fetch_add(&cleaned, 1);
}

static int suspend(void *timeout)
{
    const struct aiocb *list[] = {&blocked};
    pthread_cleanup_push(clean, NULL);
    aio_suspend(list, 1, timeout);
    FAIL("aio_suspend returned");
    pthread_cleanup_pop(0);
    return 0;
}

static int suspend_when_cancelled(void *timeout)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_cancel(pthread_self());
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    return suspend(timeout);
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char byte;
    void *result;
    for (int i = 0; i < 20; i++) {
        blocked = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&blocked);
        struct interrupted_wait wait = {.wait = i % 4 < 2 ? suspend : suspend_when_cancelled, .argument = i % 2 ? &forever : NULL};
        if (i % 4 < 2) {
            begin_wait(&wait);
            pthread_cancel(wait.thread);
        } else {
            start_thread(&wait.thread, run_interrupted_wait, &wait);
        }
        JOIN(wait.thread, &result);
        CHECK(result == PTHREAD_CANCELED);
        CHECK_INT(atomic_load(&cleaned), i + 1);
        EXPECT_IN_PROGRESS(&blocked);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
    }
    return 0;
}
