/* SPDX-License-Identifier: MIT */
/* Writes on O_SYNC and O_DSYNC descriptors complete whole. */
#include "claim.h"

int main(void)
{
    claim_start();
    int flags[] = {O_SYNC, O_DSYNC};
    for (int j = 0; j < 2; j++) {
        int fd = temporary_file("file", O_RDWR | flags[j], 0);
        unsigned char out[5000], in[5000];
        fill_pattern(out, sizeof out, 0);
        struct aiocb write_request = request(fd, out, sizeof out, 0);
        SUBMIT_WRITE(&write_request);
        EXPECT_RESULT(&write_request, sizeof out);
        CHECK_INT(pread(fd, in, sizeof in, 0), sizeof in);
        CHECK_PATTERN(in, sizeof in, 0);
    }
    return 0;
}
