/* SPDX-License-Identifier: MIT */
/* On an O_NONBLOCK stream nothing waits: EAGAIN where read() and write() give it, a short write where write() gives one. */
#include "claim.h"

static char bytes[300000];

static void try_on(int reader, int writer)
{
    char byte;
    set_nonblocking(reader, true);
    struct aiocb empty = request(reader, &byte, 1, 0), ready = empty;
    SUBMIT_READ(&empty);
    EXPECT_ERROR(&empty, EAGAIN);

    set_nonblocking(writer, true);
    struct aiocb large = request(writer, bytes, sizeof bytes, 0), full = request(writer, bytes, 1, 0);
    SUBMIT_WRITE(&large);
    CHECK_INT(AWAIT(&large), 0);
    ssize_t taken = aio_return(&large);
    CHECK(taken > 0 && taken < (ssize_t)sizeof bytes);
    fill_stream(writer);
    set_nonblocking(writer, true);
    SUBMIT_WRITE(&full);
    EXPECT_ERROR(&full, EAGAIN);

    SUBMIT_READ(&ready);
    EXPECT_RESULT(&ready, 1);
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    try_on(pipe.reader, pipe.writer);
    int sockets[2];
    make_sockets(sockets);
    try_on(sockets[0], sockets[1]);
    return 0;
}
