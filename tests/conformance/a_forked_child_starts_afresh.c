/* SPDX-License-Identifier: MIT */
/* A child, though the parent has idle and busy helpers, can do everything from the beginning; so can its own child.
 *
 * Differs from glibc: the child counts on helper threads that it does not have.
 * DECISION: difference-fork */
#include "claim.h"

static int fd;

static void use_everything(void)
{
    char bytes[100], byte;
    struct stream pipe = make_pipe();
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), write_request = request(fd, bytes, sizeof bytes, 0);
    struct aiocb sync_request = request(fd, NULL, 0, 0), blocked = request(pipe.reader, &byte, 1, 0), *list[] = {&read_request};
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof bytes);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    SUBMIT_READ(&blocked);
    EXPECT_IN_PROGRESS(&blocked);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    read_request.aio_lio_opcode = LIO_READ;
    CHECK_INT(lio_listio(LIO_WAIT, list, 1, NULL), 0);
    EXPECT_RESULT(&read_request, sizeof bytes);
    CHECK_INT(aio_cancel(fd, NULL), AIO_ALLDONE);
    block_signal(SIGRTMIN);
    siginfo_t info;
    notify_by_signal(&write_request, SIGRTMIN, 5);
    SUBMIT_WRITE(&write_request);
    CHECK(take_signal(SIGRTMIN, &info));
    CHECK_INT(info.si_pid, getpid());
    EXPECT_RESULT(&write_request, sizeof bytes);
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char byte;
    use_everything();
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
    SUBMIT_READ(&blocked);
    use_everything();
    WAIT_UNTIL(others_sleep(0));
    pid_t child = fork();
    if (child == 0) {
        use_everything();
        pid_t grandchild = fork();
        if (grandchild == 0) {
            use_everything();
            _exit(0);
        }
        wait_for_child(grandchild);
        use_everything();
        _exit(0);
    }
    wait_for_child(child);
    use_everything();
    EXPECT_IN_PROGRESS(&blocked);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
