/* SPDX-License-Identifier: MIT */
/* A hundred writes blocked on full pipes starve no file.
 *
 * Differs from glibc: blocked writes use up its threads.
 * DECISION: difference-blocked-streams-take-no-thread */
#include "claim.h"

enum { COUNT = 100 };

int main(void)
{
    claim_start();
    static struct stream pipes[COUNT];
    static struct aiocb requests[COUNT];
    size_t filled = 0;
    char bytes[4096] = "x";
    for (int i = 0; i < COUNT; i++) {
        pipes[i] = make_pipe();
        fcntl(pipes[i].writer, F_SETPIPE_SZ, 4096);
        filled = fill_stream(pipes[i].writer);
        requests[i] = request(pipes[i].writer, bytes, 1, 0);
        SUBMIT_WRITE(&requests[i]);
    }
    int fd = temporary_file("file", O_RDWR, 4096);
    struct aiocb write_request = request(fd, bytes, sizeof bytes, 4096);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof bytes);
    for (int i = 0; i < COUNT; i++) {
        EXPECT_IN_PROGRESS(&requests[i]);
        drain(pipes[i].reader, filled);
        EXPECT_RESULT(&requests[i], 1);
    }
    return 0;
}
