// SPDX-License-Identifier: MIT
/* Of no bytes, too, what the file itself says is the result: an eventfd and a timer have no room for their number, and a
 * directory is none to read. */
#include "claim.h"

#include <sys/eventfd.h>
#include <sys/timerfd.h>

static void hold_against(int fd, bool writes, const char *what)
{
    char byte = 'x';
    const ssize_t result = writes ? write(fd, &byte, 0) : read(fd, &byte, 0);
    const int error = result == -1 ? errno : 0;
    struct aiocb aiocb = request(fd, &byte, 0, 0);
    if (writes)
        SUBMIT_WRITE(&aiocb);
    else
        SUBMIT_READ(&aiocb);
    if (AWAIT(&aiocb) != error || aio_return(&aiocb) != result)
        FAIL("%s of no bytes, %s: %s, not %s", writes ? "a write" : "a read", what, strerror(aio_error(&aiocb)),
             strerror(error));
}

int main(void)
{
    claim_start();
    const int ready = MUST(eventfd(1, 0)), empty = MUST(eventfd(0, 0)), timer = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
    const struct stream pipe = make_pipe();
    hold_against(ready, false, "an eventfd that is ready");
    hold_against(empty, false, "an eventfd that is not");
    hold_against(empty, true, "an eventfd");
    hold_against(timer, false, "a timer");
    hold_against(MUST(open("/", O_RDONLY | O_DIRECTORY)), false, "a directory");
    hold_against(pipe.reader, false, "a pipe");
    hold_against(pipe.reader, true, "a pipe's other end");
    hold_against(pipe.writer, false, "a pipe's other end");
    return 0;
}
