/* SPDX-License-Identifier: MIT */
/* A write that is blocked on a full pipe or socket and has moved nothing can be cancelled: AIO_CANCELED, ECANCELED at once, and
 * none of its bytes ever comes.
 *
 * Differs from glibc: it cancels nothing that it has begun.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

static void try_on(int writer, int reader)
{
    size_t filled = fill_stream(writer);
    char bytes[4096] = "x";
    struct aiocb write_request = request(writer, bytes, sizeof bytes, 0);
    SUBMIT_WRITE(&write_request);
    EXPECT_IN_PROGRESS(&write_request);
    claim_pause();
    CHECK_INT(aio_cancel(writer, &write_request), AIO_CANCELED);
    CHECK_INT(aio_error(&write_request), ECANCELED);
    CHECK_INT(aio_return(&write_request), -1);
    drain(reader, filled);
    NEVER(bytes_waiting(reader) != 0);
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    try_on(pipe.writer, pipe.reader);
    try_on(pipe.writer, pipe.reader);
    int sockets[2];
    make_sockets(sockets);
    try_on(sockets[0], sockets[1]);
    return 0;
}
