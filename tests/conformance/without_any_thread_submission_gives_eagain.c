/* SPDX-License-Identifier: MIT */
/* Where a request needs a thread and none can be had, the call fails with EAGAIN and nothing is half done: the stream keeps its
 * bytes, no notification comes, and all works once threads can be had. */
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
    block_signal(SIGRTMIN);
    struct stream pipe = make_pipe();
    int fd = temporary_file("file", O_RDWR, 1);
    if (geteuid() == 0 && setresuid(54321, 54321, 54321) == -1)
        SKIP("cannot leave root, whom RLIMIT_NPROC does not bind");
    struct rlimit before, none;
    MUST(getrlimit(RLIMIT_NPROC, &before));
    none = (struct rlimit){0, before.rlim_max};
    MUST(setrlimit(RLIMIT_NPROC, &none));
    pthread_t thread;
    if (pthread_create(&thread, NULL, nothing, NULL) == 0)
        SKIP("RLIMIT_NPROC does not bind here");

    char byte;
    struct aiocb read_request = request(pipe.reader, &byte, 1, 0), sync_request = request(fd, NULL, 0, 0), *list[] = {&read_request};
    notify_by_signal(&read_request, SIGRTMIN, 0);
    notify_by_signal(&sync_request, SIGRTMIN, 0);
    CHECK_FAILS(aio_read(&read_request), EAGAIN);
    CHECK_FAILS(aio_fsync(O_SYNC, &sync_request), EAGAIN);
    CHECK_INT(aio_cancel(pipe.reader, NULL), AIO_ALLDONE);
    CHECK_INT(aio_cancel(fd, NULL), AIO_ALLDONE);
    read_request.aio_lio_opcode = LIO_READ;
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, NULL), -1);
    CHECK(errno == EAGAIN || errno == EIO);
    CHECK_INT(aio_error(&read_request), EAGAIN);
    /* The functions, too, though the file's byte is in memory. */
    struct aiocb of_file = request(fd, &byte, 1, 0), *of_files[] = {&of_file};
    notify_by_thread(&of_file, note, NULL);
    CHECK_FAILS(aio_read(&of_file), EAGAIN);
    CHECK_INT(aio_error(&of_file), EAGAIN);
    CHECK_INT(lio_listio(LIO_NOWAIT, of_files, 1, NULL), -1);
    CHECK(errno == EAGAIN || errno == EIO);
    CHECK_INT(aio_error(&of_file), EAGAIN);

    MUST(setrlimit(RLIMIT_NPROC, &before));
    SUBMIT_READ(&of_file);
    EXPECT_RESULT(&of_file, 1);
    AWAIT_POST(&called);
    NEVER(sem_trywait(&called) == 0);
    feed(pipe.writer, "x");
    NEVER(bytes_waiting(pipe.reader) != 1 || signal_is_pending(SIGRTMIN));
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 1);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    return 0;
}
