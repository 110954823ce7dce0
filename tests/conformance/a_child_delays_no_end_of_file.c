/* SPDX-License-Identifier: MIT */
/* A pipe whose end was closed behind a request is closed for its peer as soon as that request is over, though a child
 * lives that was forked meanwhile: a reader finds the end of the file, a writer that nobody reads. */
#include "claim.h"

enum { ROUNDS = 20 };

static struct stream waiting; /* the child ends when its writer is closed */

static pid_t fork_a_child_that_lives(void)
{
    pid_t child = MUST(fork());
    if (child == 0) {
        char byte;
        close(waiting.writer);
        while (read(waiting.reader, &byte, 1) == -1 && errno == EINTR)
            ;
        _exit(0);
    }
    return child;
}

static short look(int fd, short events)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    MUST(poll(&poll_fd, 1, 0));
    return poll_fd.revents;
}

static void a_reader_is_gone(void)
{
    char byte;
    struct stream pipe = make_pipe();
    struct aiocb read_request = request(pipe.reader, &byte, 1, 0);
    fcntl(pipe.reader, F_SETFD, FD_CLOEXEC);
    SUBMIT_READ(&read_request);
    EXPECT_IN_PROGRESS(&read_request);
    close(pipe.reader);
    pid_t child = fork_a_child_that_lives();
    if (write(pipe.writer, "x", 1) != 1)
        CHECK_INT(errno, EPIPE);
    AWAIT(&read_request);
    aio_return(&read_request);
    WAIT_UNTIL(look(pipe.writer, 0) & POLLERR);
    close(waiting.writer);
    close(waiting.reader);
    wait_for_child(child);
    close(pipe.writer);
}

static void a_writer_is_gone(void)
{
    struct stream pipe = make_pipe();
    size_t full = fill_stream(pipe.writer);
    struct aiocb write_request = request(pipe.writer, "x", 1, 0);
    SUBMIT_WRITE(&write_request);
    EXPECT_IN_PROGRESS(&write_request);
    close(pipe.writer);
    pid_t child = fork_a_child_that_lives();
    drain(pipe.reader, full);
    ssize_t written = AWAIT(&write_request) == 0;
    aio_return(&write_request);
    drain(pipe.reader, (size_t)written);
    WAIT_UNTIL(look(pipe.reader, POLLIN) & POLLHUP);
    close(waiting.writer);
    close(waiting.reader);
    wait_for_child(child);
    close(pipe.reader);
}

int main(void)
{
    claim_start();
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < ROUNDS; i++) {
        waiting = make_pipe();
        a_reader_is_gone();
        waiting = make_pipe();
        a_writer_is_gone();
    }
    return 0;
}
