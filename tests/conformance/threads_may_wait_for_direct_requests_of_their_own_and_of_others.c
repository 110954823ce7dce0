/* SPDX-License-Identifier: MIT */
/* Threads read by O_DIRECT. A thread may wait for its own request, for another's, for all of them at once, and for a sync
 * behind them; requests that nobody waits for end all the same. */
#include "claim.h"

enum { THREADS = 6, ROUNDS = 40, BLOCK = 4096, BLOCKS = 96, WAYS = 5 };

static int fd;
static struct aiocb requests[THREADS];
static _Alignas(4096) char buffers[THREADS][BLOCK];
static pthread_barrier_t together;

static void wait_for(int thread)
{
    const struct aiocb *list[] = {&requests[thread]};
    while (aio_error(list[0]) == EINPROGRESS)
        CHECK_INT(aio_suspend(list, 1, NULL), 0);
}

static void wait_for_all(void)
{
    const struct aiocb *list[THREADS];
    int left = 0;
    for (int i = 0; i < THREADS; i++)
        list[i] = &requests[i];
    do {
        left = 0;
        for (int i = 0; i < THREADS; i++) {
            if (list[i] != NULL && aio_error(list[i]) != EINPROGRESS)
                list[i] = NULL;
            left += list[i] != NULL;
        }
        if (left > 0)
            CHECK_INT(aio_suspend(list, THREADS, NULL), 0);
    } while (left > 0);
}

static void sync_file(void)
{
    struct aiocb sync = request(fd, NULL, 0, 0);
    const struct aiocb *list[] = {&sync};
    CHECK_INT(aio_fsync(O_DSYNC, &sync), 0);
    while (aio_error(&sync) == EINPROGRESS)
        CHECK_INT(aio_suspend(list, 1, NULL), 0);
    CHECK_INT(aio_return(&sync), 0);
}

static void *read_and_wait(void *number)
{
    int self = (int)(intptr_t)number;
    for (int round = 0; round < ROUNDS; round++) {
        int block = (round * THREADS + self) % BLOCKS;
        memset(buffers[self], 0, BLOCK);
        requests[self] = request(fd, buffers[self], BLOCK, (off_t)block * BLOCK);
        SUBMIT_READ(&requests[self]);
        pthread_barrier_wait(&together);
        switch (round % WAYS) {
        case 0:
            wait_for(self);
            break;
        case 1:
            wait_for((self + 1) % THREADS);
            break;
        case 2:
            wait_for_all();
            break;
        case 3:
            if (self == 0)
                sync_file();
            break;
        default: /* one waits for all, the others for none */
            if (self == 1)
                wait_for_all();
        }
        pthread_barrier_wait(&together);
        EXPECT_RESULT(&requests[self], BLOCK);
        for (int i = 0; i < BLOCK; i++)
            CHECK_INT(buffers[self][i], block);
    }
    return NULL;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR | O_DIRECT, 0);
    for (int block = 0; block < BLOCKS; block++) {
        memset(buffers[0], block, BLOCK);
        CHECK_INT(pwrite(fd, buffers[0], BLOCK, (off_t)block * BLOCK), BLOCK);
    }
    pthread_barrier_init(&together, NULL, THREADS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], read_and_wait, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        JOIN(threads[i], NULL);
    return 0;
}
