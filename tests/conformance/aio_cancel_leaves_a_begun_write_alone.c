/* SPDX-License-Identifier: MIT */
/* A write of which some bytes have moved goes on: AIO_NOTCANCELED, and it completes whole. */
#include "claim.h"

enum { SIZE = 300000 };

static unsigned char out[SIZE], in[SIZE];

static void try_on(int writer, int reader)
{
    fill_pattern(out, SIZE, 0);
    struct aiocb write_request = request(writer, out, SIZE, 0);
    SUBMIT_WRITE(&write_request);
    WAIT_UNTIL(bytes_waiting(reader) > 0);
    CHECK_INT(aio_cancel(writer, &write_request), AIO_NOTCANCELED);
    CHECK_INT(aio_cancel(writer, NULL), AIO_NOTCANCELED);
    EXPECT_IN_PROGRESS(&write_request);
    read_fully(reader, in, SIZE);
    EXPECT_RESULT(&write_request, SIZE);
    CHECK_PATTERN(in, SIZE, 0);
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
