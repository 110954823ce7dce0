/* SPDX-License-Identifier: MIT */
/* Requests that a ring would be asked for: reads of pipes that are fed later, one after the other. For the statistics. */
#include <aio.h>
#include <errno.h>
#include <unistd.h>

enum { REQUESTS = 3 };

int main(void)
{
    for (int i = 0; i < REQUESTS; i++) {
        int ends[2];
        char byte = 0;
        if (pipe(ends) != 0)
            return 99;
        struct aiocb block = {.aio_fildes = ends[0], .aio_buf = &byte, .aio_nbytes = 1};
        const struct aiocb *list[] = {&block};
        block.aio_sigevent.sigev_notify = SIGEV_NONE;
        if (aio_read(&block) != 0)
            return 1;
        if (write(ends[1], "x", 1) != 1)
            return 99;
        while (aio_error(&block) == EINPROGRESS)
            aio_suspend(list, 1, NULL);
        if (aio_return(&block) != 1 || byte != 'x')
            return 1;
    }
    return 0;
}
