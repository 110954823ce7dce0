/* SPDX-License-Identifier: MIT */
/* aio_fsync on a bad descriptor fails at once with EBADF. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct aiocb negative = request(-1, NULL, 0, 0), closed = request(MUST(dup(0)), NULL, 0, 0);
    close(closed.aio_fildes);
    CHECK_FAILS(aio_fsync(O_SYNC, &negative), EBADF);
    CHECK_FAILS(aio_fsync(O_DSYNC, &closed), EBADF);
    return 0;
}
