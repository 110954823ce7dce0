/* SPDX-License-Identifier: MIT */
/* aio_cancel of a descriptor leaves the requests of others alone, also those of a dup of it. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe(), other = make_pipe();
    int again = MUST(dup(pipe.reader));
    char bytes[4];
    struct aiocb of_other = request(other.reader, &bytes[0], 1, 0), of_dup = request(again, &bytes[1], 1, 0);
    struct aiocb running = request(pipe.reader, &bytes[2], 1, 0), queued = request(pipe.reader, &bytes[3], 1, 0);
    SUBMIT_READ(&of_other);
    SUBMIT_READ(&of_dup);
    SUBMIT_READ(&running);
    SUBMIT_READ(&queued);
    CHECK(aio_cancel(pipe.reader, NULL) != AIO_ALLDONE);
    CHECK_INT(aio_error(&queued), ECANCELED);
    EXPECT_IN_PROGRESS(&of_other);
    EXPECT_IN_PROGRESS(&of_dup);
    feed(other.writer, "x");
    EXPECT_RESULT(&of_other, 1);
    feed(pipe.writer, "yz");
    EXPECT_RESULT(&of_dup, 1);
    AWAIT(&running); /* cancelled, or not and fed */
    return 0;
}
