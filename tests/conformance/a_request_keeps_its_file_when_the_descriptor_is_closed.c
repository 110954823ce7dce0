/* SPDX-License-Identifier: MIT */
/* Requests that are queued when their descriptor is closed, the last one of its file, still work on that file: reads of a
 * socket get what the peer sends.
 *
 * Differs from glibc: what is still queued gets EBADF.
 * DECISION: difference-request-keeps-its-file */
#include "claim.h"

int main(void)
{
    claim_start();
    int sockets[2];
    make_sockets(sockets);
    char bytes[2] = "";
    struct aiocb first = request(sockets[0], &bytes[0], 1, 0), second = request(sockets[0], &bytes[1], 1, 0);
    SUBMIT_READ(&first);
    SUBMIT_READ(&second);
    close(sockets[0]);
    CHECK_INT(send(sockets[1], "ab", 2, MSG_NOSIGNAL), 2);
    EXPECT_RESULT(&first, 1);
    EXPECT_RESULT(&second, 1);
    CHECK(memcmp(bytes, "ab", 2) == 0);
    return 0;
}
