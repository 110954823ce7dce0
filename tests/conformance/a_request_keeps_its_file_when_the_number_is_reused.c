/* SPDX-License-Identifier: MIT */
/* A request that is still queued when its descriptor number comes to mean another file works on the file that the number meant
 * at submission: no byte reaches the other one, none is lost.
 *
 * Differs from glibc: it uses the number when it comes to the request.
 * DECISION: difference-request-keeps-its-file */
#include "claim.h"

enum { SIZE = 1000 };

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    size_t filled = fill_stream(pipe.writer);
    int number = pipe.writer, keep = MUST(dup(pipe.writer)); /* so that the pipe stays open for the test's own end */
    char first_bytes[SIZE], second_bytes[SIZE], got[SIZE];
    memset(first_bytes, '1', SIZE);
    memset(second_bytes, '2', SIZE);
    struct aiocb first = request(number, first_bytes, SIZE, 0), second = request(number, second_bytes, SIZE, 0);
    SUBMIT_WRITE(&first);
    SUBMIT_WRITE(&second);

    int other = temporary_file("other", O_RDWR, 0);
    MUST(dup2(other, number));
    drain(pipe.reader, filled);
    EXPECT_RESULT(&first, SIZE);
    EXPECT_RESULT(&second, SIZE);
    CHECK_INT(lseek(other, 0, SEEK_END), 0);
    read_fully(pipe.reader, got, SIZE);
    CHECK(memcmp(got, first_bytes, SIZE) == 0);
    read_fully(pipe.reader, got, SIZE);
    CHECK(memcmp(got, second_bytes, SIZE) == 0);
    close(keep);
    return 0;
}
