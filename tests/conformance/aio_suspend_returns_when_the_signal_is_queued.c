/* SPDX-License-Identifier: MIT */
/* aio_suspend returns when the signal of a finished request that it was given has been queued: of small and large writes,
 * uncached reads, and reads of a pipe that somebody feeds. */
#include "claim.h"

enum { COUNT = 4, MOST = 1 << 20 };

static struct stream pipe_;

static void *feed_once(void *unused)
{
    feed(pipe_.writer, "x");
    return unused;
}

/* Notes whose signals are there; returns how many. */
static int take_signals(bool told[COUNT])
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    int count = 0;
    for (siginfo_t info; sigtimedwait(&set, &info, &(struct timespec){0}) == SIGRTMIN; count++)
        told[info.si_value.sival_int] = true;
    return count;
}

/* Each call is given the requests whose signals have not been seen, and comes back with one at least. */
static void wait_for_all(const struct aiocb requests[COUNT], size_t size)
{
    bool told[COUNT] = {0};
    for (int left = COUNT, there; left > 0; left -= there) {
        const struct aiocb *list[COUNT];
        for (int i = 0; i < COUNT; i++)
            list[i] = told[i] ? NULL : &requests[i];
        CHECK_INT(aio_suspend(list, COUNT, NULL), 0);
        there = take_signals(told);
        if (there == 0)
            FAIL("size %zu: returns without a signal", size);
    }
}

/* A signal alone orders no memory by C's rules, and aio_suspend need not have looked at each of them. */
static void end_all(struct aiocb requests[COUNT])
{
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(aio_error(&requests[i]), 0);
}

static void try_rounds(int fd, char *bytes, size_t size, int rounds)
{
    for (int round = 0; round < rounds; round++) {
        struct aiocb requests[COUNT];
        char byte;
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        for (int i = 0; i < COUNT; i++) {
            bool of_pipe = i == 0 && round % 4 == 0, reads = of_pipe || i == 1;
            requests[i] = of_pipe ? request(pipe_.reader, &byte, 1, 0) : request(fd, bytes + i * size, size, i * size);
            notify_by_signal(&requests[i], SIGRTMIN, i);
            CHECK_INT(reads ? aio_read(&requests[i]) : aio_write(&requests[i]), 0);
        }
        pthread_t feeder;
        if (round % 4 == 0)
            start_thread(&feeder, feed_once, NULL);
        wait_for_all(requests, size);
        end_all(requests);
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
