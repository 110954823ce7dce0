// SPDX-License-Identifier: MIT
/* One write and one read to their ends, for code that runs before main and after it, where a claim can't be started. */
#ifndef EARLY_AND_LATE_H
#define EARLY_AND_LATE_H

#include <aio.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Ends the process with `status` if AIO does not work. A pipe: the read waits, so threads and locks are used too. */
static inline void use_aio_or_exit(int status)
{
    char byte = 'x', back = 0;
    int ends[2];
    struct aiocb reading, writing;
    const struct aiocb *list[] = {&reading};
    memset(&reading, 0, sizeof reading);
    memset(&writing, 0, sizeof writing);
    if (pipe(ends) != 0)
        _exit(status);
    reading.aio_fildes = ends[0], reading.aio_buf = &back, reading.aio_nbytes = 1;
    writing.aio_fildes = ends[1], writing.aio_buf = &byte, writing.aio_nbytes = 1;
    reading.aio_sigevent.sigev_notify = writing.aio_sigevent.sigev_notify = SIGEV_NONE;
    if (aio_read(&reading) != 0 || aio_error(&reading) != EINPROGRESS || aio_write(&writing) != 0)
        _exit(status);
    while (aio_error(&reading) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    list[0] = &writing;
    while (aio_error(&writing) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    if (aio_return(&reading) != 1 || aio_return(&writing) != 1 || back != 'x')
        _exit(status);
    close(ends[0]);
    close(ends[1]);
}

#endif
