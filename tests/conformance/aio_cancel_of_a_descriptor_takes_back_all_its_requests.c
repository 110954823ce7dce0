/* SPDX-License-Identifier: MIT */
/* aio_cancel without an aiocb takes back every blocked request of the descriptor, reads and writes.
 *
 * Differs from glibc: it cancels nothing that it has begun.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

enum { COUNT = 10 };

int main(void)
{
    claim_start();
    int sockets[2];
    make_sockets(sockets);
    size_t filled = fill_stream(sockets[0]);
    char bytes[COUNT];
    struct aiocb requests[COUNT];
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(sockets[0], &bytes[i], 1, 0);
        CHECK_INT((i % 2 ? aio_read : aio_write)(&requests[i]), 0);
    }
    CHECK_INT(aio_cancel(sockets[0], NULL), AIO_CANCELED);
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(aio_error(&requests[i]), ECANCELED);
        CHECK_INT(aio_return(&requests[i]), -1);
    }
    CHECK_INT(aio_cancel(sockets[0], NULL), AIO_ALLDONE);
    drain(sockets[1], filled);
    NEVER(bytes_waiting(sockets[1]) != 0);
    return 0;
}
