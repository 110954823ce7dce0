/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_WAIT returns when the signal of each of its requests has been queued: small ones and large ones, of a
 * file and of a pipe. */
#include "claim.h"

enum { COUNT = 8, MOST = 1 << 20 };

static struct stream pipe_;

static void *feed_once(void *unused)
{
    feed(pipe_.writer, "x");
    return unused;
}

static int signals_there(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    int count = 0;
    while (sigtimedwait(&set, NULL, &(struct timespec){0}) == SIGRTMIN)
        count++;
    return count;
}

static void try_rounds(int fd, char *bytes, size_t size, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct aiocb requests[COUNT], *list[COUNT];
        char byte;
        for (int i = 0; i < COUNT; i++) {
            bool of_pipe = i == 0 && round % 4 == 0;
            requests[i] = of_pipe ? request(pipe_.reader, &byte, 1, 0) : request(fd, bytes + i * size, size, i * size);
            requests[i].aio_lio_opcode = of_pipe ? LIO_READ : LIO_WRITE;
            notify_by_signal(&requests[i], SIGRTMIN, i);
            list[i] = &requests[i];
        }
        pthread_t feeder;
        if (round % 4 == 0)
            start_thread(&feeder, feed_once, NULL);
        CHECK_INT(lio_listio(LIO_WAIT, list, COUNT, NULL), 0);
        int there = signals_there();
        if (there != COUNT)
            FAIL("size %zu, round %d: returns with %d of %d signals", size, round, there, COUNT);
        if (round % 4 == 0)
            JOIN(feeder, NULL);
    }
}

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, COUNT * MOST);
    pipe_ = make_pipe();
    char *bytes = calloc(COUNT, MOST);
    if (bytes == NULL)
        SET_UP_FAILED("calloc");
    try_rounds(fd, bytes, 1024, 200);
    try_rounds(fd, bytes, MOST, 40);
    return 0;
}
