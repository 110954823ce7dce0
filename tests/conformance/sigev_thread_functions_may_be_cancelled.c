/* SPDX-License-Identifier: MIT */
/* The thread of a SIGEV_THREAD function can be cancelled, by itself and by others: its clean-up runs, later notifications and
 * requests work. */
#include "claim.h"

enum { COUNT = 30 };

static sem_t entered, cleaned;
static pthread_t thread;

static void clean(void *unused)
{
    (void)unused;
    sem_post(&cleaned);
}

static void note(union sigval value)
{
    pthread_cleanup_push(clean, NULL);
    if (value.sival_ptr != NULL) {
        pthread_cancel(pthread_self());
    } else {
        thread = pthread_self();
        sem_post(&entered);
    }
    for (;;)
        pause();
    pthread_cleanup_pop(0);
}

int main(void)
{
    claim_start();
    sem_init(&entered, 0, 0);
    sem_init(&cleaned, 0, 0);
    int fd = temporary_file("file", O_RDWR, 4096);
    char byte;
    for (int i = 0; i < COUNT; i++) {
        struct aiocb aiocb = request(fd, &byte, 1, 0);
        notify_by_thread(&aiocb, note, i % 2 ? &fd : NULL);
        SUBMIT_READ(&aiocb);
        EXPECT_RESULT(&aiocb, 1);
        if (i % 2 == 0) {
            AWAIT_POST(&entered);
            CHECK_INT(pthread_cancel(thread), 0);
        }
        AWAIT_POST(&cleaned);
    }
    return 0;
}
