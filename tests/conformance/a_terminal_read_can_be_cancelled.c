/* SPDX-License-Identifier: MIT */
/* A read that waits on a terminal can be cancelled, and takes no line that comes later.
 *
 * Differs from glibc: it cancels nothing that it has begun.
 * DECISION: difference-cancel-blocked-streams */
#include "terminal.h"

int main(void)
{
    claim_start();
    struct terminal pair = make_terminal();
    int master = pair.master, terminal = pair.slave;
    char bytes[16] = "", later[16] = "";
    struct aiocb read_request = request(terminal, bytes, sizeof bytes, 0);
    SUBMIT_READ(&read_request);
    EXPECT_IN_PROGRESS(&read_request);
    CHECK_INT(aio_cancel(terminal, &read_request), AIO_CANCELED);
    EXPECT_ERROR(&read_request, ECANCELED);
    feed(master, "line\n");
    CHECK_INT(read(terminal, later, sizeof later), 5);
    CHECK(memcmp(later, "line\n", 5) == 0);
    return 0;
}
