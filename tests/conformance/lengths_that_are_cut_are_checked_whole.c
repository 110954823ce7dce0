/* SPDX-License-Identifier: MIT */
/* More than 0x7ffff000 bytes are cut to that, as by pread and pwrite, when buffer and offset have been found good for all
 * of them: where these say EFAULT or EINVAL, nothing is moved. */
#include "claim.h"

#include <limits.h>

static char bytes[64];

static void hold_against(int fd, void *buffer, size_t size, off_t offset)
{
    ssize_t expected = pread(fd, buffer, size, offset);
    int error = expected == -1 ? errno : 0;
    struct aiocb read_request = request(fd, buffer, size, offset);
    SUBMIT_READ(&read_request);
    if (AWAIT(&read_request) != error || aio_return(&read_request) != expected)
        FAIL("a read of %zx bytes at %llx: error %d, not %d", size, (long long)offset, aio_error(&read_request), error);

    expected = pwrite(fd, buffer, size, offset);
    error = expected == -1 ? errno : 0;
    struct aiocb write_request = request(fd, buffer, size, offset);
    SUBMIT_WRITE(&write_request);
    if (AWAIT(&write_request) != error || aio_return(&write_request) != expected)
        FAIL("a write of %zx bytes at %llx: error %d, not %d", size, (long long)offset, aio_error(&write_request), error);
}

int main(void)
{
    claim_start();
    if (sizeof(void *) < 8)
        SKIP("no number of bytes is both that great and no error");
    int file = temporary_file("file", O_RDWR, 10), zero = MUST(open("/dev/zero", O_RDWR));
    const int files[] = {file, zero};
    const off_t edge = (off_t)(INT64_MAX - 0x7ffff800);
    void *room = MUST(mmap(NULL, 0x80000000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    for (int i = 0; i < 2; i++) {
        hold_against(files[i], bytes, SSIZE_MAX, 0);
        hold_against(files[i], bytes, SSIZE_MAX, 4096);
        hold_against(files[i], bytes, (size_t)(1ULL << 60), 0);
        hold_against(files[i], room, 0x80000000, edge);
        hold_against(files[i], bytes, SSIZE_MAX, -1);
    }
    struct stat status;
    MUST(fstat(file, &status));
    CHECK_INT(status.st_size, 10);

    /* A stream has no offset that could be too great. */
    struct stream pipe = make_pipe();
    feed(pipe.writer, "x");
    MUST(mprotect(room, 4096, PROT_READ | PROT_WRITE));
    struct aiocb read_request = request(pipe.reader, room, 0x80000000, edge);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 1);
    return 0;
}
