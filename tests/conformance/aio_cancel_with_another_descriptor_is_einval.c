/* SPDX-License-Identifier: MIT */
/* aio_cancel with a descriptor other than the request's fails at once with EINVAL and leaves the request alone. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char byte;
    struct aiocb read_request = request(pipe.reader, &byte, 1, 0);
    SUBMIT_READ(&read_request);
    CHECK_FAILS(aio_cancel(pipe.writer, &read_request), EINVAL);
    EXPECT_IN_PROGRESS(&read_request);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&read_request, 1);
    return 0;
}
