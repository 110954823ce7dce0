/* SPDX-License-Identifier: MIT */
/* A thousand reads blocked on pipes starve no file: a read, a write and a sync of a file complete.
 *
 * Differs from glibc: blocked reads use up its threads.
 * DECISION: difference-blocked-streams-take-no-thread */
#include "claim.h"

enum { COUNT = 1000 };

static struct stream pipes[COUNT];
static struct aiocb requests[COUNT];
static char bytes[COUNT];

int main(void)
{
    claim_start();
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    if (limit.rlim_max < 2 * COUNT + 50)
        SKIP("too few descriptors");
    limit.rlim_cur = limit.rlim_max;
    MUST(setrlimit(RLIMIT_NOFILE, &limit));

    int fd = temporary_file("file", O_RDWR, 4096);
    for (int i = 0; i < COUNT; i++) {
        pipes[i] = make_pipe();
        requests[i] = request(pipes[i].reader, &bytes[i], 1, 0);
        SUBMIT_READ(&requests[i]);
    }
    char in[4096];
    struct aiocb read_request = request(fd, in, sizeof in, 0), write_request = request(fd, in, sizeof in, 4096);
    struct aiocb sync_request = request(fd, NULL, 0, 0);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof in);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof in);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);

    for (int i = COUNT - 1; i >= 0; i--) {
        EXPECT_IN_PROGRESS(&requests[i]);
        bytes[i] = 0;
        feed(pipes[i].writer, "x");
        EXPECT_RESULT(&requests[i], 1);
        CHECK_INT(bytes[i], 'x');
    }
    return 0;
}
