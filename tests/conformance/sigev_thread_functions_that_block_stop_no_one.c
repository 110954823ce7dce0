/* SPDX-License-Identifier: MIT */
/* SIGEV_THREAD functions that do not return hold up neither other functions nor requests. */
#include "claim.h"

enum { COUNT = 40 };

static sem_t entered, leave, left;

static void note(union sigval value)
{
    (void)value;
    sem_post(&entered);
    while (sem_wait(&leave) == -1)
        ;
    sem_post(&left);
}

int main(void)
{
    claim_start();
    sem_init(&entered, 0, 0);
    sem_init(&leave, 0, 0);
    sem_init(&left, 0, 0);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    static struct aiocb requests[COUNT];
    static char bytes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(i % 2 ? fd : pipe.reader, &bytes[i], 1, 0);
        notify_by_thread(&requests[i], note, NULL);
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 0; i < COUNT / 2; i++)
        feed(pipe.writer, "x");
    for (int i = 0; i < COUNT; i++)
        AWAIT_POST(&entered);

    char more[100];
    struct aiocb read_request = request(fd, more, sizeof more, 0), write_request = request(fd, more, sizeof more, 0);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof more);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof more);
    for (int i = 0; i < COUNT; i++)
        sem_post(&leave);
    for (int i = 0; i < COUNT; i++)
        AWAIT_POST(&left);
    return 0;
}
