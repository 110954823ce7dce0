/* SPDX-License-Identifier: MIT */
/* aio_fsync looks at the descriptor and the notification alone: whatever stands in aio_reqprio, aio_offset, aio_buf,
 * aio_nbytes and aio_lio_opcode. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    struct aiocb sync_request = request(fd, (void *)8, (size_t)-1, -5);
    sync_request.aio_reqprio = -77;
    sync_request.aio_lio_opcode = 77;
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    CHECK_INT(aio_fsync(O_DSYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    return 0;
}
