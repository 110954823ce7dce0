/* SPDX-License-Identifier: MIT */
/* A SIGEV_THREAD function whose thread cannot be made for now (RLIMIT_NPROC) runs when one can be made again, and the result of
 * the request is what it is.
 *
 * Differs from glibc: the function is silently lost.
 * DECISION: difference-no-notification-is-lost */
#include "claim.h"

static sem_t called;

static void note(union sigval value)
{
    (void)value;
    sem_post(&called);
}

static void *nothing(void *unused)
{
    return unused;
}

int main(void)
{
    claim_start();
    sem_init(&called, 0, 0);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    if (geteuid() == 0 && setresuid(54321, 54321, 54321) == -1)
        SKIP("cannot leave root, whom RLIMIT_NPROC does not bind");

    char bytes[2];
    struct aiocb of_pipe = request(pipe.reader, &bytes[0], 1, 0), of_file = request(fd, &bytes[1], 1, 0);
    /* Who waits for the pipe is there before threads run out. */
    struct aiocb earlier = request(pipe.reader, &bytes[0], 1, 0);
    SUBMIT_READ(&earlier);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&earlier, 1);
    notify_by_thread(&of_pipe, note, NULL);
    notify_by_thread(&of_file, note, NULL);
    SUBMIT_READ(&of_pipe);

    struct rlimit before, none;
    MUST(getrlimit(RLIMIT_NPROC, &before));
    none = (struct rlimit){0, before.rlim_max};
    MUST(setrlimit(RLIMIT_NPROC, &none));
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        SKIP("RLIMIT_NPROC does not bind here");
    feed(pipe.writer, "x");
    EXPECT_RESULT(&of_pipe, 1);
    SUBMIT_READ(&of_file);
    EXPECT_RESULT(&of_file, 1);
    int count;
    CHECK_INT(sem_getvalue(&called, &count), 0);
    CHECK_INT(count, 0);

    MUST(setrlimit(RLIMIT_NPROC, &before));
    AWAIT_POST(&called);
    AWAIT_POST(&called);
    return 0;
}
