/* SPDX-License-Identifier: MIT */
/* lio_listio with LIO_NOWAIT returns though none of its requests can go on: uncached reads, a slow write, an empty pipe and a
 * full one. */
#include "slow_file.h"

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR), disk = slow_disk_open(&file, O_RDONLY);
    struct stream empty = make_pipe(), full = make_pipe();
    size_t filled = fill_stream(full.writer);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);

    static char bytes[5][4096];
    struct aiocb requests[] = {
        request(fd, bytes[0], 4096, 0),       request(disk, bytes[1], 4096, 65536), request(empty.reader, bytes[2], 1, 0),
        request(full.writer, bytes[3], 1, 0), request(fd, bytes[4], 4096, 131072),
    };
    int opcodes[] = {LIO_READ, LIO_READ, LIO_READ, LIO_WRITE, LIO_WRITE};
    struct aiocb *list[5];
    for (int i = 0; i < 5; i++) {
        requests[i].aio_lio_opcode = opcodes[i];
        list[i] = &requests[i];
    }
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 5, NULL), 0);
    for (int i = 0; i < 5; i++)
        EXPECT_IN_PROGRESS(&requests[i]);

    AWAIT_HELD(&file, 1);
    slow_file_release(&file);
    feed(empty.writer, "x");
    drain(full.reader, filled);
    for (int i = 0; i < 5; i++)
        EXPECT_RESULT(&requests[i], requests[i].aio_nbytes);
    CHECK_PATTERN(bytes[0], 4096, 0);
    CHECK_PATTERN(bytes[1], 4096, 65536);
    return 0;
}
