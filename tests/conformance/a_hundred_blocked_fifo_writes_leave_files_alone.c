/* SPDX-License-Identifier: MIT */
/* A hundred large writes, each begun and blocked amid its bytes in a FIFO, starve no file. A pipe that is opened by its name
 * is a FIFO: it can't be asked whether a write would wait.
 *
 * Differs from glibc: blocked writes use up its threads.
 * DECISION: difference-blocked-streams-take-no-thread */
#include "claim.h"

enum { COUNT = 100, SIZE = 16384 };

int main(void)
{
    claim_start();
    static struct stream pipes[COUNT];
    static struct aiocb requests[COUNT];
    static char bytes[SIZE], got[SIZE];
    for (int i = 0; i < COUNT; i++) {
        char name[64];
        pipes[i] = make_pipe();
        fcntl(pipes[i].writer, F_SETPIPE_SZ, 4096);
        snprintf(name, sizeof name, "/proc/self/fd/%d", pipes[i].writer);
        requests[i] = request(MUST(open(name, O_WRONLY)), bytes, SIZE, 0);
        SUBMIT_WRITE(&requests[i]);
        WAIT_UNTIL(bytes_waiting(pipes[i].reader) > 0);
    }
    int fd = temporary_file("file", O_RDWR, 4096);
    struct aiocb write_request = request(fd, bytes, 4096, 4096);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 4096);
    for (int i = 0; i < COUNT; i++) {
        EXPECT_IN_PROGRESS(&requests[i]);
        read_fully(pipes[i].reader, got, SIZE);
        EXPECT_RESULT(&requests[i], SIZE);
    }
    return 0;
}
