/* SPDX-License-Identifier: MIT */
/* fork at any moment, while other threads submit, wait and complete requests: parent and child both go on.
 *
 * Differs from glibc: the child may inherit a locked mutex, and helpers that it does not have.
 * DECISION: difference-fork */
#include "claim.h"

enum { FORKS = 30 };

static int fd;
static atomic_int finished;

static void use_aio(void)
{
    char bytes[100], byte;
    struct stream pipe = make_pipe();
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), write_request = request(fd, bytes, 10, 0);
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
    SUBMIT_READ(&blocked);
    SUBMIT_READ(&read_request);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&read_request, sizeof bytes);
    EXPECT_RESULT(&write_request, 10);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    close(pipe.reader);
    close(pipe.writer);
}

static void *submit(void *unused)
{
    while (!atomic_load(&finished))
        use_aio();
    return unused;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, 4096);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        start_thread(&threads[i], submit, NULL);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            use_aio();
            _exit(0);
        }
        wait_for_child(child);
        use_aio();
    }
    atomic_store(&finished, 1);
    for (int i = 0; i < 2; i++)
        JOIN(threads[i], NULL);
    return 0;
}
