/* SPDX-License-Identifier: MIT */
/* A thousand reads blocked on pipes all complete once each pipe has a byte. */
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

    for (int i = 0; i < COUNT; i++) {
        pipes[i] = make_pipe();
        requests[i] = request(pipes[i].reader, &bytes[i], 1, 0);
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        char byte = (char)(i % 100);
        CHECK_INT(write(pipes[i].writer, &byte, 1), 1);
    }
    for (int i = 0; i < COUNT; i++) {
        EXPECT_RESULT(&requests[i], 1);
        CHECK_INT(bytes[i], i % 100);
    }
    return 0;
}
