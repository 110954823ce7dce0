/* SPDX-License-Identifier: MIT */
/* aio_suspend returns when its request is over, though the request's function submits the same aiocb again before the waiting
 * thread comes to look. */
#include "interrupted_wait.h"

enum { ROUNDS = 30 };

static struct stream pipe_;
static struct aiocb again;
static char byte;
static sem_t submitted;

static void submit_again(union sigval unused)
{
    (void)unused;
    CHECK_INT(aio_return(&again), 1);
    SUBMIT_READ(&again);
    sem_post(&submitted);
}

static int wait_for_it(void *unused)
{
    (void)unused;
    const struct aiocb *list[] = {&again};
    return aio_suspend(list, 1, NULL);
}

int main(void)
{
    claim_start();
    sem_init(&submitted, 0, 0);
    pipe_ = make_pipe();
    again = request(pipe_.reader, &byte, 1, 0);
    notify_by_thread(&again, submit_again, NULL);
    SUBMIT_READ(&again);
    for (int round = 0; round < ROUNDS; round++) {
        struct interrupted_wait wait = {.wait = wait_for_it};
        begin_wait(&wait);
        feed(pipe_.writer, "x");
        AWAIT_POST(&submitted);
        JOIN(wait.thread, NULL);
        CHECK_INT(wait.result, 0);
    }
    return 0;
}
