/* SPDX-License-Identifier: MIT */
/* Writing to a stream without a reader gives EPIPE by aio_error; SIGPIPE never comes: it does not end the program, no handler
 * runs, nothing is left pending, and one that was pending already stays. */
#include "claim.h"

static atomic_int handled;

static void count(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    atomic_fetch_add(&handled, 1);
}

static void write_to_broken_streams(void)
{
    struct stream pipe = make_pipe();
    int sockets[2];
    make_sockets(sockets);
    close(pipe.reader);
    close(sockets[1]);
    int writers[] = {pipe.writer, sockets[0]};
    for (int i = 0; i < 2; i++) {
        struct aiocb write_request = request(writers[i], (char *)"x", 1, 0);
        SUBMIT_WRITE(&write_request);
        EXPECT_ERROR(&write_request, EPIPE);
        set_nonblocking(writers[i], true);
        SUBMIT_WRITE(&write_request);
        EXPECT_ERROR(&write_request, EPIPE);
        struct aiocb *list[] = {&write_request};
        write_request.aio_lio_opcode = LIO_WRITE;
        CHECK_FAILS(lio_listio(LIO_WAIT, list, 1, NULL), EIO);
        EXPECT_ERROR(&write_request, EPIPE);
        close(writers[i]);
    }
}

int main(void)
{
    claim_start();
    write_to_broken_streams(); /* the default action would end the program */

    handle(SIGPIPE, count, 0);
    write_to_broken_streams();
    CHECK_INT(atomic_load(&handled), 0);

    block_signal(SIGPIPE);
    write_to_broken_streams();
    CHECK(!signal_is_pending(SIGPIPE));

    raise(SIGPIPE);
    write_to_broken_streams();
    CHECK(signal_is_pending(SIGPIPE));
    return 0;
}
