/* SPDX-License-Identifier: MIT */
/* Waits for a line, then makes one request. Nothing of AIO was bound before. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int main(int count, char **arguments)
{
    char text[] = "later";
    if (count != 2)
        return 99;
    puts("ready");
    fflush(stdout);
    if (getchar() == EOF)
        return 99;
    struct aiocb request = {.aio_fildes = open(arguments[1], O_RDWR | O_CREAT, 0600), .aio_buf = text, .aio_nbytes = sizeof text};
    request.aio_sigevent.sigev_notify = SIGEV_NONE;
    const struct aiocb *list[] = {&request};
    if (aio_write(&request) != 0)
        return 1;
    while (aio_error(&request) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    if (aio_return(&request) != sizeof text)
        return 1;
    puts("done");
    return 0;
}
