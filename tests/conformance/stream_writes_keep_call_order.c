/* SPDX-License-Identifier: MIT */
/* Writes queued on one stream reach it in the order of the calls, each in one piece, also while it is full at times. */
#include "claim.h"

enum { COUNT = 60, SIZE = 10000 };

static char bytes[COUNT][SIZE], got[SIZE];
static struct aiocb requests[COUNT];

static void try_on(int writer, int reader)
{
    for (int i = 0; i < COUNT; i++) {
        memset(bytes[i], i + 1, SIZE);
        requests[i] = request(writer, bytes[i], SIZE, 0);
        SUBMIT_WRITE(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        read_fully(reader, got, SIZE);
        CHECK(memcmp(got, bytes[i], SIZE) == 0);
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
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
