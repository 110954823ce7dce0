/* SPDX-License-Identifier: MIT */
/* Each function has a twin with 64 in its name, for struct aiocb64. */
#include "claim.h"

static struct aiocb64 request64(int fd, void *buffer, size_t size, off64_t offset)
{
    struct aiocb64 aiocb;
    memset(&aiocb, 0, sizeof aiocb);
    aiocb.aio_fildes = fd;
    aiocb.aio_buf = buffer;
    aiocb.aio_nbytes = size;
    aiocb.aio_offset = offset;
    aiocb.aio_sigevent.sigev_notify = SIGEV_NONE;
    return aiocb;
}

static void expect(struct aiocb64 *aiocb, int error, ssize_t result)
{
    const struct aiocb64 *list[] = {aiocb};
    while (aio_error64(aiocb) == EINPROGRESS)
        CHECK_INT(aio_suspend64(list, 1, NULL), 0);
    CHECK_INT(aio_error64(aiocb), error);
    CHECK_INT(aio_return64(aiocb), result);
}

int main(void)
{
    claim_start();
    off64_t far = (off64_t)((5ULL << 30) + 7);
    int fd = MUST(open64(temporary_path("file"), O_RDWR | O_CREAT, 0600));
    struct stream pipe = make_pipe();
    char out[100] = "far away", in[100], byte;
    struct aiocb64 write_request = request64(fd, out, sizeof out, far), read_request = request64(fd, in, sizeof in, far);
    struct aiocb64 sync_request = request64(fd, NULL, 0, 0), blocked = request64(pipe.reader, &byte, 1, 0), *list[] = {&read_request};
    CHECK_INT(aio_write64(&write_request), 0);
    expect(&write_request, 0, sizeof out);
    CHECK_INT(aio_fsync64(O_SYNC, &sync_request), 0);
    expect(&sync_request, 0, 0);
    CHECK_INT(aio_read64(&read_request), 0);
    expect(&read_request, 0, sizeof in);
    CHECK(strcmp(in, out) == 0);
    memset(in, 0, sizeof in);
    read_request.aio_lio_opcode = LIO_READ;
    CHECK_INT(lio_listio64(LIO_WAIT, list, 1, NULL), 0);
    expect(&read_request, 0, sizeof in);
    CHECK(strcmp(in, out) == 0);
    CHECK_INT(aio_cancel64(fd, NULL), AIO_ALLDONE);
    CHECK_INT(aio_read64(&blocked), 0);
    feed(pipe.writer, "x");
    expect(&blocked, 0, 1);
    return 0;
}
