/* SPDX-License-Identifier: MIT */
/* A read that is blocked on an empty pipe or socket can be cancelled: AIO_CANCELED, and ECANCELED is there at once. Bytes that
 * come later are not touched.
 *
 * Differs from glibc: it cancels nothing that it has begun.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

static void try_on(int reader, int writer, bool all)
{
    char bytes[8] = "", later[4];
    struct aiocb read_request = request(reader, bytes, sizeof bytes, 0);
    SUBMIT_READ(&read_request);
    EXPECT_IN_PROGRESS(&read_request);
    claim_pause();
    CHECK_INT(aio_cancel(reader, all ? NULL : &read_request), AIO_CANCELED);
    CHECK_INT(aio_error(&read_request), ECANCELED);
    CHECK_INT(aio_return(&read_request), -1);

    feed(writer, "data");
    read_fully(reader, later, 4);
    CHECK(memcmp(later, "data", 4) == 0);
    CHECK_INT(bytes[0], 0);
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    int sockets[2];
    make_sockets(sockets);
    for (int i = 0; i < 20; i++) {
        try_on(pipe.reader, pipe.writer, i % 2);
        try_on(sockets[0], sockets[1], i % 2);
    }
    return 0;
}
