/* SPDX-License-Identifier: MIT */
/* aio_suspend gives EAGAIN in time though the read or write that it waits for is stuck at the storage. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);
    char out[4096] = "w", in[4096];
    struct aiocb write_request = request(fd, out, sizeof out, 0), queued = request(fd, out, sizeof out, 65536);
    struct aiocb read_request = request(fd, in, sizeof in, 131072);
    const struct aiocb *lists[][1] = {{&write_request}, {&queued}, {&read_request}}, *all[] = {&write_request, &queued, &read_request};
    SUBMIT_WRITE(&write_request);
    SUBMIT_WRITE(&queued);
    SUBMIT_READ(&read_request);
    for (int i = 0; i < 3; i++) {
        CHECK_FAILS(aio_suspend(lists[i], 1, &(struct timespec){0, 0}), EAGAIN);
        CHECK_FAILS(aio_suspend(lists[i], 1, &(struct timespec){0, 20000000}), EAGAIN);
    }
    CHECK_FAILS(aio_suspend(all, 3, &(struct timespec){0, 20000000}), EAGAIN);
    slow_file_release(&file);
    EXPECT_RESULT(&write_request, sizeof out);
    EXPECT_RESULT(&queued, sizeof out);
    EXPECT_RESULT(&read_request, sizeof in);
    return 0;
}
