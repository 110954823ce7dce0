/* SPDX-License-Identifier: MIT */
/* A read of a stream gives what is there, without waiting for more; at the end of the stream it gives 0, also when the end
 * comes while the read is blocked. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    int sockets[2];
    make_sockets(sockets);
    int readers[] = {pipe.reader, sockets[0]}, writers[] = {pipe.writer, sockets[1]};
    for (int i = 0; i < 2; i++) {
        char bytes[100];
        feed(writers[i], "abc");
        struct aiocb ready = request(readers[i], bytes, sizeof bytes, 0), blocked = ready, at_end = ready;
        SUBMIT_READ(&ready);
        EXPECT_RESULT(&ready, 3);
        SUBMIT_READ(&blocked);
        EXPECT_IN_PROGRESS(&blocked);
        close(writers[i]);
        EXPECT_RESULT(&blocked, 0);
        SUBMIT_READ(&at_end);
        EXPECT_RESULT(&at_end, 0);
    }
    return 0;
}
