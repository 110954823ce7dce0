/* SPDX-License-Identifier: MIT */
/* One lio_listio of 100,000 reads of a file completes, each with its bytes, in both modes; the list's signal comes once.
 *
 * Differs from glibc: it takes half a minute.
 * DECISION: difference-linear-lists */
#include "claim.h"

enum { COUNT = 100000 };

static struct aiocb requests[COUNT], *list[COUNT];
static unsigned char bytes[COUNT];

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDONLY, COUNT);
    int modes[] = {LIO_WAIT, LIO_NOWAIT};
    for (int round = 0; round < 2; round++) {
        memset(bytes, 0, sizeof bytes);
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(fd, &bytes[i], 1, i);
            requests[i].aio_lio_opcode = LIO_READ;
            list[i] = &requests[i];
        }
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
        CHECK_INT(lio_listio(modes[round], list, COUNT, &event), 0);
        if (modes[round] == LIO_NOWAIT)
            CHECK(take_signal(SIGRTMIN, NULL));
        CHECK(!signal_is_pending(SIGRTMIN));
        for (int i = 0; i < COUNT; i++) {
            CHECK_INT(aio_error(&requests[i]), 0);
            CHECK_INT(aio_return(&requests[i]), 1);
        }
        CHECK_PATTERN(bytes, COUNT, 0);
    }
    return 0;
}
