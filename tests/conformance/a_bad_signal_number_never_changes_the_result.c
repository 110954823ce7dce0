/* SPDX-License-Identifier: MIT */
/* A signal number that does not exist is refused at submission or ignored, but never becomes the result of the I/O.
 *
 * Differs from glibc: the errno of sigqueue becomes the request's error.
 * DECISION: difference-notification-never-changes-the-result */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    int bad[] = {-1, 1000};
    for (int i = 0; i < 2; i++) {
        char bytes[100];
        struct aiocb read_request = request(fd, bytes, sizeof bytes, 0);
        notify_by_signal(&read_request, bad[i], 0);
        if (aio_read(&read_request) == 0)
            EXPECT_RESULT(&read_request, sizeof bytes);
        else
            CHECK_INT(errno, EINVAL);
    }
    return 0;
}
