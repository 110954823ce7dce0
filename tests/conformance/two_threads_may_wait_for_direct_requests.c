/* SPDX-License-Identifier: MIT */
/* Threads that wait for O_DIRECT requests of their own, and now and then for the same one, each see theirs complete. */
#include "claim.h"

enum { THREADS = 3, ROUNDS = 400, SIZE = 4096 };

static _Alignas(4096) char bytes[THREADS][2][SIZE];
static struct aiocb shared;
static int fd;
static pthread_barrier_t barrier;

static void *wait_for_requests(void *argument)
{
    int number = (int)(intptr_t)argument;
    for (int round = 0; round < ROUNDS; round++) {
        struct aiocb requests[2];
        const struct aiocb *list[2];
        for (int i = 0; i < 2; i++) {
            requests[i] = request(fd, bytes[number][i], SIZE, (off_t)((round * 7 + number * 2 + i) % 64) * SIZE);
            SUBMIT_READ(&requests[i]);
            list[i] = &requests[i];
        }
        CHECK_INT(aio_suspend(list, 2, NULL), 0);
        CHECK(aio_error(&requests[0]) != EINPROGRESS || aio_error(&requests[1]) != EINPROGRESS);
        for (int i = 0; i < 2; i++) {
            while (aio_error(list[i]) == EINPROGRESS)
                CHECK_INT(aio_suspend(&list[i], 1, NULL), 0);
            CHECK_INT(aio_error(list[i]), 0);
            CHECK_INT(aio_return(&requests[i]), SIZE);
        }
        if (round % 50 != 0)
            continue;
        static _Alignas(4096) char shared_bytes[SIZE];
        pthread_barrier_wait(&barrier);
        if (number == 0) {
            shared = request(fd, shared_bytes, SIZE, 0);
            SUBMIT_READ(&shared);
        }
        pthread_barrier_wait(&barrier);
        const struct aiocb *same[] = {&shared};
        CHECK_INT(aio_suspend(same, 1, NULL), 0);
        CHECK_INT(aio_error(&shared), 0);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR | O_DIRECT, 64 * SIZE);
    pthread_barrier_init(&barrier, NULL, THREADS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], wait_for_requests, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        JOIN(threads[i], NULL);
    return 0;
}
