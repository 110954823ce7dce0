/* SPDX-License-Identifier: MIT */
/* lio_listio with another mode than LIO_WAIT and LIO_NOWAIT fails at once with EINVAL and begins nothing. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    char byte = 'x';
    struct aiocb write_request = request(pipe.writer, &byte, 1, 0), *list[] = {&write_request};
    write_request.aio_lio_opcode = LIO_WRITE;
    int bad[] = {-1, 2, 77, 1 << 30};
    for (int i = 0; i < 4; i++)
        CHECK_FAILS(lio_listio(bad[i], list, 1, NULL), EINVAL);
    NEVER(bytes_waiting(pipe.reader) != 0);
    return 0;
}
