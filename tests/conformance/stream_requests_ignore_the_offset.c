/* SPDX-License-Identifier: MIT */
/* On streams aio_offset means nothing: requests take the bytes as they come. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    int sockets[2];
    make_sockets(sockets);
    int readers[] = {pipe.reader, sockets[0]}, writers[] = {pipe.writer, sockets[1]};
    for (int i = 0; i < 2; i++) {
        char in[6] = "", out[] = "hello";
        struct aiocb write_request = request(writers[i], out, 5, 123456), read_request = request(readers[i], in, 5, 99);
        SUBMIT_WRITE(&write_request);
        EXPECT_RESULT(&write_request, 5);
        SUBMIT_READ(&read_request);
        EXPECT_RESULT(&read_request, 5);
        CHECK(strcmp(in, out) == 0);
    }
    return 0;
}
