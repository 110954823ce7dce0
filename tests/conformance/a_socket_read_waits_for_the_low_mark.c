// SPDX-License-Identifier: MIT
/* A read of a socket with SO_RCVLOWAT waits for as many bytes as read() does (POSIX.1-2024, XSH 2.10.16): up to the mark,
 * or to its own length where that is less, or to the end of the stream. */
#include "claim.h"

#include <netinet/in.h>

static void make_tcp(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address));
    MUST(listen(listener, 1));
    MUST(getsockname(listener, (struct sockaddr *)&address, &length));
    ends[1] = MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(ends[1], (struct sockaddr *)&address, sizeof address));
    ends[0] = MUST(accept(listener, NULL, NULL));
    close(listener);
}

static void try(int ends[2])
{
    char buffer[100];
    int mark = 10;
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark));
    feed(ends[1], "12345");
    struct aiocb reading = request(ends[0], buffer, sizeof buffer, 0);
    SUBMIT_READ(&reading);
    STAYS_IN_PROGRESS(&reading);
    feed(ends[1], "67890123456"); /* TCP wakes nobody for less than the mark */
    EXPECT_RESULT(&reading, 16);
    CHECK(memcmp(buffer, "1234567890123456", 16) == 0);

    feed(ends[1], "12345");
    reading = request(ends[0], buffer, 4, 0);
    SUBMIT_READ(&reading);
    EXPECT_RESULT(&reading, 4);

    reading = request(ends[0], buffer, sizeof buffer, 0);
    SUBMIT_READ(&reading);
    STAYS_IN_PROGRESS(&reading);
    close(ends[1]);
    EXPECT_RESULT(&reading, 1);
}

int main(void)
{
    claim_start();
    int local[2], tcp[2], records[2], mark = 10;
    make_sockets(local);
    try(local);
    make_tcp(tcp);
    try(tcp);

    /* A message is whole, however short. */
    char buffer[100];
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, records));
    MUST(setsockopt(records[0], SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark));
    feed(records[1], "12345");
    struct aiocb reading = request(records[0], buffer, sizeof buffer, 0);
    SUBMIT_READ(&reading);
    EXPECT_RESULT(&reading, 5);
    return 0;
}
