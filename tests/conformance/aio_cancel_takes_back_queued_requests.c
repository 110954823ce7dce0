/* SPDX-License-Identifier: MIT */
/* A request that waits behind another one on its stream can be cancelled; the one before it goes on. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char first_byte = 0, second_byte = 0;
    struct aiocb first = request(pipe.reader, &first_byte, 1, 0), second = request(pipe.reader, &second_byte, 1, 0);
    SUBMIT_READ(&first);
    SUBMIT_READ(&second);
    CHECK_INT(aio_cancel(pipe.reader, &second), AIO_CANCELED);
    CHECK_INT(aio_error(&second), ECANCELED);
    CHECK_INT(aio_return(&second), -1);
    EXPECT_IN_PROGRESS(&first);
    feed(pipe.writer, "ab");
    EXPECT_RESULT(&first, 1);
    CHECK_INT(first_byte, 'a');
    CHECK_INT(second_byte, 0);
    CHECK_INT(bytes_waiting(pipe.reader), 1);
    return 0;
}
