// SPDX-License-Identifier: MIT
/* What pread and pwrite say of a file that a server keeps (FUSE), aio_read and aio_write say: its errors, EAGAIN too, and
 * its short results. With O_DIRECT, and where the server wants no caching. */
#include "slow_file.h"

enum { SIZE = 8192 };
static _Alignas(4096) char bytes[SIZE];

static void expect(struct aiocb *aiocb, ssize_t expected, int error, const char *what, unsigned most)
{
    if (expected >= 0)
        error = 0;
    if (AWAIT(aiocb) != error || aio_return(aiocb) != expected)
        FAIL("%s, at most %u bytes at once: error %d, not %d; expected %zd", what, most, aio_error(aiocb), error, expected);
}

static void hold_against(int fd, unsigned most)
{
    ssize_t expected = pread(fd, bytes, SIZE, 0);
    struct aiocb reading = request(fd, bytes, SIZE, 0), writing = reading;
    int error = errno;
    SUBMIT_READ(&reading);
    expect(&reading, expected, error, "a read", most);
    expected = pwrite(fd, bytes, SIZE, 0);
    error = errno;
    SUBMIT_WRITE(&writing);
    expect(&writing, expected, error, "a write", most);
}

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    const int errors[] = {0, EAGAIN, EIO, EDQUOT, ENOSPC, ESTALE, EOPNOTSUPP};
    const unsigned most[] = {0, 100, 512, 4096};
    for (int direct = 0; direct < 2; direct++) {
        for (int uncached = 1 - direct; uncached < 2; uncached++) {
            atomic_store(&file.shared->open_flags, uncached ? FOPEN_DIRECT_IO : 0U);
            int fd = slow_file_open(&file, O_RDWR | (direct ? O_DIRECT : 0));
            for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
                atomic_store(&file.shared->error, errors[i]);
                hold_against(fd, 0);
            }
            atomic_store(&file.shared->error, 0);
            for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
                atomic_store(&file.shared->most, most[i]);
                hold_against(fd, most[i]);
            }
            atomic_store(&file.shared->most, 0);
            close(fd);
        }
    }
    return 0;
}
