// SPDX-License-Identifier: MIT
/* Reads of a character device that takes offsets and waits all the same (/dev/kmsg) keep nobody from reading files, and
 * can be cancelled.
 *
 * Differs from glibc: each holds one of its threads, and none can be cancelled.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

enum { READS = 64 };

int main(void)
{
    claim_start();
    int fds[READS];
    static char records[READS][8192];
    static struct aiocb reads[READS];
    for (int i = 0; i < READS; i++) {
        fds[i] = open("/dev/kmsg", O_RDONLY);
        if (fds[i] == -1)
            SKIP("/dev/kmsg: %s", strerror(errno));
        MUST(lseek(fds[i], 0, SEEK_END));
        reads[i] = request(fds[i], records[i], sizeof records[i], 0);
        SUBMIT_READ(&reads[i]);
    }
    int file = temporary_file("file", O_RDWR, 4096);
    char bytes[100];
    for (int i = 0; i < 10; i++) {
        struct aiocb of_file = request(file, bytes, sizeof bytes, 0), write_request = request(file, bytes, 1, 5000 + i);
        SUBMIT_READ(&of_file);
        SUBMIT_WRITE(&write_request);
        EXPECT_RESULT(&of_file, sizeof bytes);
        EXPECT_RESULT(&write_request, 1);
    }
    for (int i = 0; i < READS; i++) {
        WAIT_UNTIL(aio_cancel(fds[i], &reads[i]) != AIO_NOTCANCELED);
        CHECK(AWAIT(&reads[i]) == ECANCELED || aio_error(&reads[i]) == 0 || aio_error(&reads[i]) == EPIPE);
    }
    return 0;
}
