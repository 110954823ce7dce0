/* SPDX-License-Identifier: MIT */
/* A child that is forked while O_DIRECT requests are in flight makes its own and waits for them, as does the parent.
 *
 * Differs from glibc: the child counts on helper threads that it does not have.
 * DECISION: difference-fork */
#include "claim.h"

enum { COUNT = 16, SIZE = 4096 };

static int fd;
static _Alignas(4096) char bytes[COUNT][SIZE];

static void submit(struct aiocb *requests)
{
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(fd, bytes[i], SIZE, (off_t)i * SIZE);
        CHECK_INT((i % 4 == 0 ? aio_write : aio_read)(&requests[i]), 0);
    }
}

static void finish(struct aiocb *requests)
{
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR | O_DIRECT, COUNT * SIZE);
    for (int round = 0; round < 10; round++) {
        struct aiocb parents[COUNT], own[COUNT];
        submit(parents);
        pid_t child = fork();
        if (child == 0) {
            submit(own);
            pid_t grandchild = round % 2 ? fork() : -1;
            if (grandchild == 0) {
                submit(parents);
                finish(parents);
                _exit(0);
            }
            finish(own);
            if (grandchild > 0)
                wait_for_child(grandchild);
            _exit(0);
        }
        if (round % 2)
            submit(own);
        finish(parents);
        if (round % 2)
            finish(own);
        wait_for_child(child);
    }
    return 0;
}
