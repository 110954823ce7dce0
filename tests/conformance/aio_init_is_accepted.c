/* SPDX-License-Identifier: MIT */
/* aio_init is accepted at any time and with any values, sensible or not; requests work afterwards. */
#include "claim.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    struct aioinit settings[] = {
        {.aio_threads = 4, .aio_num = 100, .aio_idle_time = 1},
        {.aio_threads = 1, .aio_num = 1},
        {0},
        {.aio_threads = 100000, .aio_num = 1 << 20, .aio_locks = 7, .aio_usedba = 7, .aio_debug = 7, .aio_numusers = 7},
    };
    for (int i = 0; i < 4; i++) {
        char bytes[100], byte;
        aio_init(&settings[i]);
        struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), write_request = request(fd, bytes, sizeof bytes, 0);
        struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&read_request);
        SUBMIT_WRITE(&write_request);
        EXPECT_RESULT(&read_request, sizeof bytes);
        EXPECT_RESULT(&write_request, sizeof bytes);
        SUBMIT_READ(&blocked);
        aio_init(&settings[(i + 1) % 4]);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
    }
    return 0;
}
