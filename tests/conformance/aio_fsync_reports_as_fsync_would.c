/* SPDX-License-Identifier: MIT */
/* aio_fsync succeeds on files opened any way and gives by aio_error what fsync and fdatasync give: EINVAL for a pipe. */
#include "claim.h"

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    int descriptors[] = {temporary_file("file", O_RDWR, 100), temporary_file("file", O_WRONLY | O_APPEND, 100),
                         MUST(open("/dev/null", O_RDWR)), pipe.writer};
    int operations[] = {O_SYNC, O_DSYNC};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++) {
            int expected = (j == 0 ? fsync : fdatasync)(descriptors[i]) == 0 ? 0 : errno;
            struct aiocb sync_request = request(descriptors[i], NULL, 0, 0);
            CHECK_INT(aio_fsync(operations[j], &sync_request), 0);
            if (expected == 0)
                EXPECT_RESULT(&sync_request, 0);
            else
                EXPECT_ERROR(&sync_request, expected);
        }
    return 0;
}
