/* SPDX-License-Identifier: MIT */
/* Reads queued on one stream take its bytes in the order of the calls. */
#include "claim.h"

enum { COUNT = 100 };

static void try_on(int reader, int writer)
{
    static char bytes[COUNT];
    static struct aiocb requests[COUNT];
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(reader, &bytes[i], 1, 0);
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++) {
        char byte = (char)i;
        CHECK_INT(write(writer, &byte, 1), 1);
        if (i % 10 == 0)
            EXPECT_RESULT(&requests[i], 1);
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(AWAIT(&requests[i]), 0);
        CHECK_INT(bytes[i], i);
    }
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
