/* SPDX-License-Identifier: MIT */
/* An aiocb is read once, at submission: changing its fields while the request is queued changes nothing.
 *
 * Differs from glibc: it reads descriptor, buffer and size when it comes to the request.
 * DECISION: difference-aiocb-read-once */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe(), other = make_pipe();
    feed(other.writer, "wrong");
    char first_byte, bytes[8] = "", wrong[8] = "";
    struct aiocb first = request(pipe.reader, &first_byte, 1, 0), second = request(pipe.reader, bytes, 2, 0);
    SUBMIT_READ(&first);
    SUBMIT_READ(&second);
    second.aio_fildes = other.reader;
    second.aio_buf = wrong;
    second.aio_nbytes = 5;
    second.aio_offset = 17;
    second.aio_lio_opcode = LIO_WRITE;
    second.aio_reqprio = 20;
    feed(pipe.writer, "abcd");
    EXPECT_RESULT(&first, 1);
    EXPECT_RESULT(&second, 2);
    CHECK(memcmp(bytes, "bc", 3) == 0);
    CHECK_INT(wrong[0], 0);
    CHECK_INT(bytes_waiting(pipe.reader), 1);
    CHECK_INT(bytes_waiting(other.reader), 5);
    return 0;
}
