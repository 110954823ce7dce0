/* SPDX-License-Identifier: MIT */
/* SO_RCVTIMEO and SO_SNDTIMEO end a request as they end read and write: EAGAIN, or the bytes that were moved. Later requests of
 * the socket are served as ever. */
#include "claim.h"

#include <sys/socket.h>

int main(void)
{
    claim_start();
    int ends[2];
    make_sockets(ends);
    const struct timeval time = {0, 50000};
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    char got[8];
    struct aiocb read_request = request(ends[0], got, sizeof got, 0);
    SUBMIT_READ(&read_request);
    EXPECT_ERROR(&read_request, EAGAIN);
    feed(ends[1], "x");
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 1);

    size_t filled = fill_stream(ends[0]);
    struct aiocb write_request = request(ends[0], got, 1, 0);
    SUBMIT_WRITE(&write_request);
    EXPECT_ERROR(&write_request, EAGAIN);
    drain(ends[1], filled);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 1);
    return 0;
}
