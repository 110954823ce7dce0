/* SPDX-License-Identifier: MIT */
/* A write of which some bytes have moved when the reader goes away gives their number, as write() does, and no SIGPIPE. */
#include "claim.h"

enum { SIZE = 1000000 };

int main(void)
{
    claim_start();
    static char bytes[SIZE];
    struct stream pipe = make_pipe();
    int sockets[2];
    make_sockets(sockets);
    int writers[] = {pipe.writer, sockets[0]}, readers[] = {pipe.reader, sockets[1]};
    for (int i = 0; i < 2; i++) {
        struct aiocb write_request = request(writers[i], bytes, SIZE, 0);
        SUBMIT_WRITE(&write_request);
        drain(readers[i], 5000);
        EXPECT_IN_PROGRESS(&write_request);
        close(readers[i]);
        CHECK_INT(AWAIT(&write_request), 0);
        ssize_t moved = aio_return(&write_request);
        CHECK(moved >= 5000 && moved < SIZE);
    }
    return 0;
}
