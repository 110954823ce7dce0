/* SPDX-License-Identifier: MIT */
/* A SIGEV_THREAD function may call pthread_exit: its clean-up runs, and later notifications and requests work. */
#include "claim.h"

enum { COUNT = 50 };

static sem_t cleaned;

static void clean(void *unused)
{
    (void)unused;
    sem_post(&cleaned);
}

static void note(union sigval value)
{
    (void)value;
    pthread_cleanup_push(clean, NULL);
    pthread_exit(NULL);
    pthread_cleanup_pop(0);
}

int main(void)
{
    claim_start();
    sem_init(&cleaned, 0, 0);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char byte;
    for (int i = 0; i < COUNT; i++) {
        struct aiocb of_file = request(fd, &byte, 1, 0), of_pipe = request(pipe.reader, &byte, 1, 0);
        notify_by_thread(&of_file, note, NULL);
        notify_by_thread(&of_pipe, note, NULL);
        SUBMIT_READ(&of_pipe);
        SUBMIT_READ(&of_file);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&of_file, 1);
        EXPECT_RESULT(&of_pipe, 1);
        AWAIT_POST(&cleaned);
        AWAIT_POST(&cleaned);
    }
    return 0;
}
