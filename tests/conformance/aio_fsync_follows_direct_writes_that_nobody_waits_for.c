/* SPDX-License-Identifier: MIT */
/* aio_fsync completes behind O_DIRECT writes that are in flight, though nobody waits for them nor asks for them. */
#include "claim.h"

enum { COUNT = 8, SIZE = 4096 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR | O_DIRECT, COUNT * SIZE);
    static _Alignas(4096) char bytes[COUNT][SIZE];
    for (int round = 0; round < 20; round++) {
        struct aiocb writes[COUNT], sync_request = request(fd, NULL, 0, 0);
        for (int i = 0; i < COUNT; i++) {
            writes[i] = request(fd, bytes[i], SIZE, (off_t)i * SIZE);
            SUBMIT_WRITE(&writes[i]);
        }
        notify_by_signal(&sync_request, SIGRTMIN, round);
        CHECK_INT(aio_fsync(round % 2 ? O_DSYNC : O_SYNC, &sync_request), 0);
        siginfo_t info;
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, round);
        for (int i = 0; i < COUNT; i++) {
            CHECK_INT(aio_error(&writes[i]), 0);
            CHECK_INT(aio_return(&writes[i]), SIZE);
        }
        CHECK_INT(aio_error(&sync_request), 0);
        CHECK_INT(aio_return(&sync_request), 0);
    }
    return 0;
}
