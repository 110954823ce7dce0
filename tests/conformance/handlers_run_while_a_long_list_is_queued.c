/* SPDX-License-Identifier: MIT */
/* A handler that comes while lio_listio queues a long list runs before the whole list is queued, and the call leaves the signal
 * mask as it was. */
#include "claim.h"

enum { ENTRIES = 2000 };

static struct aiocb requests[ENTRIES], *list[ENTRIES];
static char bytes[ENTRIES];
static volatile sig_atomic_t is_half_way;

static void look(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    if (aio_error(&requests[ENTRIES / 2]) == EINPROGRESS && aio_error(&requests[ENTRIES - 1]) != EINPROGRESS)
        is_half_way = 1;
}

static void *disturb(void *program)
{
    while (!is_half_way) {
        pthread_kill(*(pthread_t *)program, SIGUSR1);
        sched_yield();
    }
    return NULL;
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, look, SA_RESTART);
    block_signal(SIGUSR2);
    sigset_t before, after;
    MUST(pthread_sigmask(SIG_SETMASK, NULL, &before));
    struct stream pipe = make_pipe();
    pthread_t program = pthread_self(), other;
    MUST(pthread_create(&other, NULL, disturb, &program));
    while (!is_half_way) {
        for (int i = 0; i < ENTRIES; i++) {
            requests[i] = request(pipe.reader, &bytes[i], 1, 0);
            requests[i].aio_lio_opcode = LIO_READ;
            list[i] = &requests[i];
        }
        CHECK_INT(lio_listio(LIO_NOWAIT, list, ENTRIES, NULL), 0);
        MUST(pthread_sigmask(SIG_SETMASK, NULL, &after));
        for (int number = 1; number < 32; number++)
            CHECK_INT(sigismember(&after, number), sigismember(&before, number));
        aio_cancel(pipe.reader, NULL);
        for (int i = 0; i < ENTRIES; i++) {
            if (aio_error(&requests[i]) == EINPROGRESS)
                feed(pipe.writer, "x");
            while (aio_error(&requests[i]) == EINPROGRESS)
                aio_suspend((const struct aiocb *[]){&requests[i]}, 1, NULL);
        }
        drain(pipe.reader, (size_t)bytes_waiting(pipe.reader));
    }
    MUST(pthread_join(other, NULL));
    return 0;
}
