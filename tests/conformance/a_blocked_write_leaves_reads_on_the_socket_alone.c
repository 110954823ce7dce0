/* SPDX-License-Identifier: MIT */
/* A write that waits on a socket holds up no read on the same socket.
 *
 * Differs from glibc: requests of a descriptor run one after the other.
 * DECISION: difference-two-way-streams */
#include "claim.h"

int main(void)
{
    claim_start();
    int sockets[2];
    make_sockets(sockets);
    size_t filled = fill_stream(sockets[0]);
    char in[8];
    struct aiocb write_request = request(sockets[0], (char *)"ping", 4, 0), read_request = request(sockets[0], in, 4, 0);
    SUBMIT_WRITE(&write_request);
    SUBMIT_READ(&read_request);
    feed(sockets[1], "pong");
    EXPECT_RESULT(&read_request, 4);
    EXPECT_IN_PROGRESS(&write_request);
    drain(sockets[1], filled);
    EXPECT_RESULT(&write_request, 4);
    return 0;
}
