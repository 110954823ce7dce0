/* SPDX-License-Identifier: MIT */
/* A program at its RLIMIT_NOFILE: what is in flight and what comes later works, and the library takes no number that the
 * program frees. */
#include "hostile.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct waiting early, late;
    begin_waiting(&early);
    for (int i = 0; i < WAITING / 2; i++)
        late.pipes[i] = make_pipe();
    MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64}));
    int last = -1, number;
    while ((number = open("/dev/null", O_RDONLY)) != -1)
        last = number;
    CHECK_INT(errno, EMFILE);
    for (int i = 0; i < WAITING; i++) {
        late.reads[i] = request(late.pipes[i / 2].reader, &late.bytes[i], 1, 0);
        SUBMIT_READ(&late.reads[i]);
    }
    char bytes[200];
    struct aiocb read_request = request(fd, bytes, 100, 0), write_request = request(fd, bytes + 100, 100, 0);
    struct aiocb sync_request = request(fd, NULL, 0, 0);
    SUBMIT_READ(&read_request);
    SUBMIT_WRITE(&write_request);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&read_request, 100);
    EXPECT_RESULT(&write_request, 100);
    EXPECT_RESULT(&sync_request, 0);
    CHECK_INT(open("/dev/null", O_RDONLY), -1);
    /* One free: it is the program's to have, with requests in flight. */
    close(last);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 100);
    CHECK_INT(open("/dev/null", O_RDONLY), last);
    CHECK_INT(open("/dev/null", O_RDONLY), -1);
    end_waiting(&early);
    end_waiting(&late);
    use_everything(fd);
    return 0;
}
