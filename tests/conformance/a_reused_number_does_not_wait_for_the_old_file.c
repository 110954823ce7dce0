/* SPDX-License-Identifier: MIT */
/* Requests on a descriptor number that has come to mean another file do not wait for those of the old one.
 *
 * Differs from glibc: it queues by number.
 * DECISION: difference-lane-by-file */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream old = make_pipe(), new = make_pipe();
    int number = old.reader, keep = MUST(dup(old.reader));
    char bytes[3];
    struct aiocb of_old = request(number, &bytes[0], 1, 0);
    SUBMIT_READ(&of_old);
    MUST(dup2(new.reader, number));
    struct aiocb of_new = request(number, &bytes[1], 1, 0);
    SUBMIT_READ(&of_new);
    feed(new.writer, "n");
    EXPECT_RESULT(&of_new, 1);
    CHECK_INT(bytes[1], 'n');

    EXPECT_IN_PROGRESS(&of_old);
    feed(old.writer, "o");
    EXPECT_RESULT(&of_old, 1);
    CHECK_INT(bytes[0], 'o');
    close(keep);
    return 0;
}
