/* SPDX-License-Identifier: MIT */
/* aio_cancel on a bad descriptor fails at once with EBADF. */
#include "claim.h"

int main(void)
{
    claim_start();
    int closed = MUST(dup(0));
    close(closed);
    struct aiocb of_closed = request(closed, NULL, 0, 0);
    CHECK_FAILS(aio_cancel(-1, NULL), EBADF);
    CHECK_FAILS(aio_cancel(closed, NULL), EBADF);
    CHECK_FAILS(aio_cancel(closed, &of_closed), EBADF);
    return 0;
}
