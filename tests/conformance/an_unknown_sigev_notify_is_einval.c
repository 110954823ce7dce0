/* SPDX-License-Identifier: MIT */
/* An unknown sigev_notify fails at once with EINVAL, in a request and in a list's own sigevent, and nothing is begun.
 *
 * Differs from glibc: it takes it for no notification.
 * DECISION: difference-unknown-notify-is-refused */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    int bad[] = {77, -1, 3, 5};
    for (int i = 0; i < 4; i++) {
        struct aiocb aiocb = request(pipe.writer, (char *)"x", 1, 0), *list[] = {&aiocb};
        aiocb.aio_sigevent.sigev_notify = bad[i];
        CHECK_FAILS(aio_write(&aiocb), EINVAL);
        CHECK_FAILS(aio_read(&aiocb), EINVAL);
        CHECK_FAILS(aio_fsync(O_SYNC, &aiocb), EINVAL);
        struct sigevent event = aiocb.aio_sigevent;
        aiocb.aio_sigevent.sigev_notify = SIGEV_NONE;
        aiocb.aio_lio_opcode = LIO_WRITE;
        CHECK_FAILS(lio_listio(LIO_NOWAIT, list, 1, &event), EINVAL);
    }
    NEVER(bytes_waiting(pipe.reader) != 0);
    return 0;
}
