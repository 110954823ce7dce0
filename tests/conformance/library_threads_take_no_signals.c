/* SPDX-License-Identifier: MIT */
/* The library's threads take none of the program's signals: one that every thread of the program blocks stays pending, though
 * requests run and have run. */
#include "claim.h"

static atomic_int handled;

static void count(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    atomic_fetch_add(&handled, 1);
}

int main(void)
{
    claim_start();
    int numbers[] = {SIGUSR1, SIGTERM, SIGALRM, SIGRTMIN + 3};
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char bytes[10];
    struct aiocb blocked = request(pipe.reader, bytes, 1, 0), write_request = request(fd, bytes, sizeof bytes, 0);
    for (int i = 0; i < 4; i++)
        handle(numbers[i], count, 0);
    SUBMIT_READ(&blocked);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof bytes);
    for (int i = 0; i < 4; i++) {
        block_signal(numbers[i]);
        kill(getpid(), numbers[i]);
    }
    NEVER(atomic_load(&handled) != 0);
    for (int i = 0; i < 4; i++)
        CHECK(signal_is_pending(numbers[i]));
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
