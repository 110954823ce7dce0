/* SPDX-License-Identifier: MIT */
/* When the first request of a descriptor is cancelled, those queued behind it go on.
 *
 * Differs from glibc: it does not cancel the first, or forgets its followers.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char bytes[4] = "";
    struct aiocb reads[4];
    for (int i = 0; i < 4; i++) {
        reads[i] = request(pipe.reader, &bytes[i], 1, 0);
        SUBMIT_READ(&reads[i]);
    }
    CHECK_INT(aio_cancel(pipe.reader, &reads[0]), AIO_CANCELED);
    CHECK_INT(aio_error(&reads[0]), ECANCELED);
    CHECK_INT(aio_cancel(pipe.reader, &reads[2]), AIO_CANCELED);
    feed(pipe.writer, "ab");
    EXPECT_RESULT(&reads[1], 1);
    EXPECT_RESULT(&reads[3], 1);
    CHECK_INT(bytes[1], 'a');
    CHECK_INT(bytes[3], 'b');
    return 0;
}
