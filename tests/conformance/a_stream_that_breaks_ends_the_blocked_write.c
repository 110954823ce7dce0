/* SPDX-License-Identifier: MIT */
/* A write that is blocked on a full stream completes with EPIPE, and without SIGPIPE, when the reader goes away. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    int sockets[2];
    make_sockets(sockets);
    int writers[] = {pipe.writer, sockets[0]}, readers[] = {pipe.reader, sockets[1]};
    for (int i = 0; i < 2; i++) {
        fill_stream(writers[i]);
        struct aiocb write_request = request(writers[i], (char *)"x", 1, 0);
        SUBMIT_WRITE(&write_request);
        EXPECT_IN_PROGRESS(&write_request);
        close(readers[i]);
        int error = AWAIT(&write_request);
        CHECK(error == EPIPE || (i == 1 && error == ECONNRESET));
        CHECK_INT(aio_return(&write_request), -1);
    }
    return 0;
}
