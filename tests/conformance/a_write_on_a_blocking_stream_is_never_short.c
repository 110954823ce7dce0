/* SPDX-License-Identifier: MIT */
/* A write larger than a blocking pipe or socket can hold completes with its whole size, also when the peer reads in dribs and
 * when some room, but not enough, is there at the call. */
#include "claim.h"

enum { SIZE = 300000 };

static unsigned char out[SIZE], in[SIZE];

static void try_on(int writer, int reader, size_t ahead)
{
    fill_pattern(out, SIZE, 0);
    memset(in, 0, SIZE);
    for (size_t i = 0; i < ahead; i++)
        CHECK_INT(write(writer, "a", 1), 1);
    struct aiocb write_request = request(writer, out, SIZE, 0);
    SUBMIT_WRITE(&write_request);
    drain(reader, ahead);
    size_t got = 0;
    for (size_t step = 1; got < SIZE / 2; step = step * 2 % 9973) {
        EXPECT_IN_PROGRESS(&write_request);
        read_fully(reader, in + got, step);
        got += step;
    }
    read_fully(reader, in + got, SIZE - got);
    EXPECT_RESULT(&write_request, SIZE);
    CHECK_PATTERN(in, SIZE, 0);
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    try_on(pipe.writer, pipe.reader, 0);
    try_on(pipe.writer, pipe.reader, 100);
    int sockets[2];
    make_sockets(sockets);
    int small = 8192;
    MUST(setsockopt(sockets[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small));
    try_on(sockets[0], sockets[1], 0);
    try_on(sockets[0], sockets[1], 3);
    return 0;
}
