/* SPDX-License-Identifier: MIT */
/* More bytes than aio_return could tell are an error that aio_error tells, and nothing is moved: a file, a pipe and a
 * socket keep what they have, and so does the buffer. Such a number is what a read that failed has returned.
 *
 * Differs from glibc: it passes the number on, and the kernel finds the buffer too long for memory first, EFAULT.
 * DECISION: difference-length-above-ssize-max */
#include "claim.h"

#include <limits.h>

static char bytes[64];

static void check(struct aiocb *aiocb, const char *what)
{
    CHECK(AWAIT(aiocb) != EINPROGRESS);
    if (aio_error(aiocb) != EINVAL || aio_return(aiocb) != -1)
        FAIL("%s of %zu bytes: error %d", what, aiocb->aio_nbytes, aio_error(aiocb));
    for (size_t i = 0; i < sizeof bytes; i++)
        CHECK_INT(bytes[i], 'b');
}

static void try(int reader, int writer, size_t size)
{
    struct aiocb read_request = request(reader, bytes, size, 0), write_request = request(writer, bytes, size, 0);
    SUBMIT_READ(&read_request);
    check(&read_request, "a read");
    SUBMIT_WRITE(&write_request);
    check(&write_request, "a write");

    struct aiocb *list[] = {&read_request, &write_request};
    read_request.aio_lio_opcode = LIO_READ;
    write_request.aio_lio_opcode = LIO_WRITE;
    CHECK_FAILS(lio_listio(LIO_WAIT, list, 2, NULL), EIO);
    check(&read_request, "a read of a list");
    check(&write_request, "a write of a list");
}

int main(void)
{
    claim_start();
    memset(bytes, 'b', sizeof bytes);
    int file = temporary_file("file", O_RDWR, 10), sockets[2];
    struct stream pipe = make_pipe();
    make_sockets(sockets);
    feed(pipe.writer, "ten bytes.");
    feed(sockets[1], "ten bytes.");
    const size_t sizes[] = {(size_t)-1, (size_t)SSIZE_MAX + 1};
    for (int i = 0; i < 2; i++) {
        try(file, file, sizes[i]);
        try(pipe.reader, pipe.writer, sizes[i]);
        try(sockets[0], sockets[0], sizes[i]);
    }
    struct stat status;
    MUST(fstat(file, &status));
    CHECK_INT(status.st_size, 10);
    CHECK_INT(bytes_waiting(pipe.reader), 10);
    CHECK_INT(bytes_waiting(sockets[0]), 10);
    CHECK_INT(bytes_waiting(sockets[1]), 0);

    struct aiocb bad_descriptor = request(-1, bytes, (size_t)-1, 0);
    SUBMIT_READ(&bad_descriptor);
    EXPECT_ERROR(&bad_descriptor, EBADF);
    return 0;
}
