/* SPDX-License-Identifier: MIT */
/* Stream requests keep the order of the calls, also when a later one has the higher priority.
 *
 * Differs from glibc: it sorts the requests of a descriptor by aio_reqprio.
 * DECISION: difference-priority-keeps-order */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char in[3];
    struct aiocb reads[3];
    int priorities[] = {0, 20, 0};
    for (int i = 0; i < 3; i++) {
        reads[i] = request(pipe.reader, &in[i], 1, 0);
        reads[i].aio_reqprio = priorities[i];
        SUBMIT_READ(&reads[i]);
    }
    feed(pipe.writer, "abc");
    for (int i = 0; i < 3; i++)
        EXPECT_RESULT(&reads[i], 1);
    CHECK(memcmp(in, "abc", 3) == 0);
    return 0;
}
