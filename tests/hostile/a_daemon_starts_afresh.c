/* SPDX-License-Identifier: MIT */
/* daemon(3) with requests in flight: the process that goes on is a child, which has none of them, and everything works there. */
#include "hostile.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream result = make_pipe();
    pid_t starter = MUST(fork());
    if (starter == 0) {
        struct waiting waiting;
        begin_waiting(&waiting);
        use_everything(fd);
        MUST(daemon(1, 1));
        CHECK_INT(aio_cancel(waiting.pipes[0].reader, NULL), AIO_ALLDONE);
        use_everything(fd);
        struct waiting own;
        begin_waiting(&own);
        end_waiting(&own);
        feed(result.writer, "!");
        _exit(0);
    }
    wait_for_child(starter);
    close(result.writer);
    char byte;
    CHECK_INT(read(result.reader, &byte, 1), 1); /* ends without a byte if the daemon fails */
    use_everything(fd);
    return 0;
}
