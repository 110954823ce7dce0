/* SPDX-License-Identifier: MIT */
/* aio_reqprio outside 0..AIO_PRIO_DELTA_MAX fails at once with EINVAL; 0 and the maximum are fine. */
#include "claim.h"

#include <limits.h>

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    char byte = 'x';
    int bad[] = {-1, AIO_PRIO_DELTA_MAX + 1, INT_MIN, INT_MAX};
    for (int i = 0; i < 4; i++) {
        struct aiocb refused = request(fd, &byte, 1, 0);
        refused.aio_reqprio = bad[i];
        CHECK_FAILS(aio_read(&refused), EINVAL);
        CHECK_FAILS(aio_write(&refused), EINVAL);
    }
    int good[] = {0, 1, AIO_PRIO_DELTA_MAX};
    for (int i = 0; i < 3; i++) {
        struct aiocb accepted = request(fd, &byte, 1, 0);
        accepted.aio_reqprio = good[i];
        SUBMIT_READ(&accepted);
        EXPECT_RESULT(&accepted, 1);
    }
    return 0;
}
