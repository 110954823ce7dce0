/* SPDX-License-Identifier: MIT */
/* A read that waits on a socket holds up no write on the same socket.
 *
 * Differs from glibc: requests of a descriptor run one after the other.
 * DECISION: difference-two-way-streams */
#include "claim.h"

int main(void)
{
    claim_start();
    int sockets[2];
    make_sockets(sockets);
    char in[8], echo[8];
    struct aiocb read_request = request(sockets[0], in, 4, 0), write_request = request(sockets[0], (char *)"ping", 4, 0);
    SUBMIT_READ(&read_request);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 4);
    EXPECT_IN_PROGRESS(&read_request);
    read_fully(sockets[1], echo, 4);
    CHECK(memcmp(echo, "ping", 4) == 0);
    feed(sockets[1], "pong");
    EXPECT_RESULT(&read_request, 4);
    CHECK(memcmp(in, "pong", 4) == 0);
    return 0;
}
