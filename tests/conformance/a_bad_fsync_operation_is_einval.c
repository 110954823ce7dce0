/* SPDX-License-Identifier: MIT */
/* aio_fsync with an operation other than O_SYNC and O_DSYNC fails at once with EINVAL. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    int bad[] = {-1, 0, 1, O_RDWR, O_SYNC | O_APPEND};
    for (int i = 0; i < 5; i++) {
        struct aiocb sync_request = request(fd, NULL, 0, 0);
        CHECK_FAILS(aio_fsync(bad[i], &sync_request), EINVAL);
    }
    return 0;
}
