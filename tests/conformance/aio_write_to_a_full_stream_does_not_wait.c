/* SPDX-License-Identifier: MIT */
/* aio_write to a full pipe or socket returns at once; the request completes when the peer, which does nothing before, has
 * made room. */
#include "claim.h"

static void try_on(int writer, int reader)
{
    size_t filled = fill_stream(writer);
    char byte = 'x', last;
    struct aiocb write_request = request(writer, &byte, 1, 0);
    SUBMIT_WRITE(&write_request);
    EXPECT_IN_PROGRESS(&write_request);
    drain(reader, filled);
    EXPECT_RESULT(&write_request, 1);
    read_fully(reader, &last, 1);
    CHECK_INT(last, 'x');
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    try_on(pipe.writer, pipe.reader);
    int sockets[2];
    make_sockets(sockets);
    try_on(sockets[0], sockets[1]);
    return 0;
}
