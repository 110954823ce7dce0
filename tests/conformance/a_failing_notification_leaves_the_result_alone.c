/* SPDX-License-Identifier: MIT */
/* A signal that cannot be queued for now (RLIMIT_SIGPENDING is used up) leaves the request's result as it is.
 *
 * Differs from glibc: the errno of sigqueue becomes the request's error.
 * DECISION: difference-notification-never-changes-the-result */
#include "claim.h"

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_SIGPENDING, &limit));
    limit.rlim_cur = 0;
    MUST(setrlimit(RLIMIT_SIGPENDING, &limit));

    char bytes[100], byte;
    struct aiocb of_file = request(fd, bytes, sizeof bytes, 0), of_pipe = request(pipe.reader, &byte, 1, 0);
    struct aiocb failed = request(-1, bytes, 1, 0);
    notify_by_signal(&of_file, SIGRTMIN, 1);
    notify_by_signal(&of_pipe, SIGRTMIN, 2);
    notify_by_signal(&failed, SIGRTMIN, 3);
    SUBMIT_READ(&of_pipe);
    SUBMIT_READ(&of_file);
    SUBMIT_READ(&failed);
    EXPECT_RESULT(&of_file, sizeof bytes);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&of_pipe, 1);
    EXPECT_ERROR(&failed, EBADF);
    return 0;
}
