// SPDX-License-Identifier: MIT
/* O_DIRECT requests that stay at a disk until the claim lets them go, and threads that wait for them. */
#ifndef SLOW_DIRECT_H
#define SLOW_DIRECT_H

#include "interrupted_wait.h"
#include "slow_file.h"

enum { SLOW_SIZE = 4096 };

static struct slow_file slow_storage;
static int slow_disk;

static inline void slow_direct_start(void)
{
    slow_storage = slow_file_start();
    slow_disk = slow_disk_open(&slow_storage, O_RDWR | O_DIRECT);
}

static inline void hold_disk(void)
{
    slow_file_hold(&slow_storage, 0, SLOW_FILE_SIZE);
}

static inline void release_disk(void)
{
    slow_file_release(&slow_storage);
}

/* A write of the disk's n-th block: a block that was read once might be in memory. */
static inline struct aiocb disk_write(int n)
{
    static _Alignas(4096) char bytes[32][SLOW_SIZE];
    return request(slow_disk, bytes[n], SLOW_SIZE, (off_t)n * SLOW_SIZE);
}

static inline int wait_for_one(void *aiocb)
{
    const struct aiocb *list[] = {aiocb};
    return aio_suspend(list, 1, NULL);
}

#endif
