/* SPDX-License-Identifier: MIT */
/* A child has no descriptors but those that its parent has: nothing that an implementation keeps for requests whose own
 * descriptor was closed, whenever the fork comes. */
#define CHILDREN_ALLOCATE_NOTHING
#include "claim.h"

enum { FORKS = 200, LEAST = 64, MOST = 8192 };

static atomic_int finished;

/* A read waits for its peer, its descriptor is closed behind it, then it ends. */
static void *close_behind_reads(void *unused)
{
    char byte;
    while (!atomic_load(&finished)) {
        struct stream pipe = make_pipe();
        struct aiocb read_request = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&read_request);
        close(pipe.reader);
        if (write(pipe.writer, "x", 1) != 1)
            CHECK_INT(errno, EPIPE);
        AWAIT(&read_request);
        aio_return(&read_request);
        close(pipe.writer);
    }
    return unused;
}

static int count_high_descriptors(void)
{
    int count = 0;
    for (int fd = LEAST; fd < MOST; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

int main(void)
{
    claim_start();
    signal(SIGPIPE, SIG_IGN);
    int before = count_high_descriptors();
    pthread_t closer;
    start_thread(&closer, close_behind_reads, NULL);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            CHECK_INT(count_high_descriptors(), before);
            _exit(0);
        }
        wait_for_child(child);
    }
    atomic_store(&finished, 1);
    JOIN(closer, NULL);
    return 0;
}
