/* SPDX-License-Identifier: MIT */
/* Every kind of request, between two marks in the trace that no_descriptor_is_opened.py reads. */
#include "hostile.h"

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 1 << 20);
    char *bytes = MUST((char *)mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    struct stream pipe = make_pipe();
    int direct = open(temporary_path("file"), O_RDWR | O_DIRECT);
    block_signal(SIGRTMIN);
    MUST(write(STDERR_FILENO, "mark: begin\n", 12));
    struct aiocb read_request = request(fd, bytes, 4096, 0), write_request = request(fd, bytes, 4096, 0);
    struct aiocb large = request(fd, bytes, 1 << 20, 0), sync_request = request(fd, NULL, 0, 0);
    struct aiocb blocked = request(pipe.reader, bytes, 1, 0), at_disk = request(direct, bytes, 4096, 4096);
    struct aiocb *list[] = {&read_request, &write_request, &large};
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    notify_by_signal(&blocked, SIGRTMIN, 1);
    SUBMIT_READ(&blocked);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 4096);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 4096);
    if (direct != -1) {
        SUBMIT_READ(&at_disk);
        AWAIT(&at_disk);
        SUBMIT_WRITE(&at_disk);
        AWAIT(&at_disk);
    }
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    read_request.aio_lio_opcode = LIO_READ, write_request.aio_lio_opcode = LIO_WRITE, large.aio_lio_opcode = LIO_READ;
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 3, NULL), 0);
    EXPECT_RESULT(&large, 1 << 20);
    AWAIT(&read_request);
    AWAIT(&write_request);
    CHECK_INT(lio_listio(LIO_WAIT, list, 3, NULL), 0);
    feed(pipe.writer, "x");
    siginfo_t info;
    CHECK(take_signal(SIGRTMIN, &info));
    EXPECT_RESULT(&blocked, 1);
    SUBMIT_READ(&blocked);
    CHECK_INT(aio_cancel(pipe.reader, &blocked), AIO_CANCELED);
    MUST(write(STDERR_FILENO, "mark: end\n", 10));
    return 0;
}
