// SPDX-License-Identifier: MIT
/* A file server (FUSE) of many kinds: with and without the kernel's cache, with places of its own (nonseekable, stream),
 * opened with each flag that changes how transfers go, that fails with each errno, moves less than it was asked for, or
 * answers late. What pread and pwrite give of it (read and write, where they say ESPIPE) aio_read and aio_write give.
 */
#include "hostile.h"

#include "../conformance/slow_file.h"

enum { LONGEST = 200 * 1024 }; /* more than one request to the server */

static _Alignas(4096) char bytes[LONGEST], expected[LONGEST];
static struct slow_file file;
static char what[64]; /* is tried, for who reads of a failure */

struct way {
    const char *name;
    unsigned server; /* what the server says when the file is opened */
    int flags;
};

static const struct way ways[] = {
    {"cached", 0, 0},
    {"cached, O_DIRECT", 0, O_DIRECT},
    {"cached, O_SYNC", 0, O_SYNC},
    {"cached, O_APPEND", 0, O_APPEND},
    {"uncached", FOPEN_DIRECT_IO, 0},
    {"uncached, O_DIRECT", FOPEN_DIRECT_IO, O_DIRECT},
    {"uncached, O_NONBLOCK", FOPEN_DIRECT_IO, O_NONBLOCK},
    {"uncached, O_APPEND", FOPEN_DIRECT_IO, O_APPEND},
    {"nonseekable", FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE, 0},
    {"nonseekable, O_DIRECT", FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE, O_DIRECT},
    {"nonseekable, O_NONBLOCK", FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE, O_NONBLOCK},
    {"stream", FOPEN_DIRECT_IO | FOPEN_STREAM, 0},
    {"stream, cached", FOPEN_STREAM, 0},
};

static ssize_t plainly(int fd, bool writes, size_t length, off_t offset, int *error)
{
    ssize_t result = writes ? pwrite(fd, bytes, length, offset) : pread(fd, expected, length, offset);
    if (result == -1 && errno == ESPIPE)
        result = writes ? write(fd, bytes, length) : read(fd, expected, length);
    *error = result == -1 ? errno : 0;
    return result;
}

/* The place that the kernel keeps for a stream is the same for both. */
static void hold_against(const struct way *way, bool writes, size_t length, off_t offset)
{
    for (int pass = 0; pass < 2; pass++) {
        int by_plain = slow_file_open(&file, O_RDWR | way->flags), by_aio = slow_file_open(&file, O_RDWR | way->flags), error;
        const ssize_t result = plainly(by_plain, writes, length, offset, &error);
        struct aiocb aiocb = request(by_aio, bytes, length, offset);
        if (writes)
            SUBMIT_WRITE(&aiocb);
        else
            SUBMIT_READ(&aiocb);
        const int status = AWAIT(&aiocb);
        const ssize_t returned = aio_return(&aiocb);
        if (status != error || returned != result)
            FAIL("%s: %s of %zu bytes at %jd, %s: %zd (%s), not %zd (%s)", way->name, writes ? "aio_write" : "aio_read", length,
                 (intmax_t)offset, what, returned, strerror(status), result, strerror(error));
        if (!writes && result > 0 && memcmp(bytes, expected, (size_t)result) != 0)
            FAIL("%s: %zu bytes at %jd, %s: other bytes", way->name, length, (intmax_t)offset, what);
        close(by_plain);
        close(by_aio);
    }
}

static void try_lengths(const struct way *way, bool is_thorough)
{
    static const struct {
        size_t length;
        off_t offset;
    } parts[] = {{8192, 4096}, {LONGEST, 0}, {512, 512}, {4096, SLOW_FILE_SIZE - 1024}, {100, 3}};
    const size_t count = is_thorough ? sizeof parts / sizeof *parts : 1;
    for (size_t i = 0; i < count; i++) {
        hold_against(way, false, parts[i].length, parts[i].offset);
        hold_against(way, true, parts[i].length, parts[i].offset);
    }
}

/* Its answers come when the reads and writes of all are in flight. */
static void answer_late(const struct way *way)
{
    enum { REQUESTS = 4 };
    struct aiocb reads[REQUESTS], writes[REQUESTS];
    static _Alignas(4096) char parts[2 * REQUESTS][4096];
    const bool is_ordered = (way->server & (FOPEN_NONSEEKABLE | FOPEN_STREAM)) != 0;
    int reader = slow_file_open(&file, O_RDONLY | way->flags), writer = slow_file_open(&file, O_WRONLY | way->flags);
    posix_fadvise(reader, 0, 0, POSIX_FADV_DONTNEED);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);
    for (int i = 0; i < REQUESTS; i++) {
        memcpy(parts[i], file.shared->bytes + 65536 + i * 4096, sizeof parts[i]);
        writes[i] = request(writer, parts[i], sizeof parts[i], 65536 + i * 4096);
        reads[i] = request(reader, parts[REQUESTS + i], sizeof parts[i], (is_ordered ? 0 : 8192) + i * 4096);
        SUBMIT_READ(&reads[i]);
        SUBMIT_WRITE(&writes[i]);
    }
    AWAIT_HELD(&file, 1);
    slow_file_release(&file);
    for (int i = 0; i < REQUESTS; i++) {
        if (AWAIT(&writes[i]) != 0 || aio_return(&writes[i]) != (ssize_t)sizeof parts[i])
            FAIL("%s, answered late: write %d: %s", way->name, i, strerror(aio_error(&writes[i])));
        if (AWAIT(&reads[i]) != 0 || aio_return(&reads[i]) != (ssize_t)sizeof parts[i])
            FAIL("%s, answered late: read %d: %s", way->name, i, strerror(aio_error(&reads[i])));
        /* Writes of a stream are put where its reads are from meanwhile. */
        if (!is_ordered && memcmp(parts[REQUESTS + i], file.shared->bytes + reads[i].aio_offset, sizeof parts[i]) != 0)
            FAIL("%s, answered late: other bytes", way->name);
        if ((way->server & FOPEN_STREAM) == 0 && /* which has no places: all are put at the beginning */
            memcmp(parts[i], file.shared->bytes + (is_ordered ? i * 4096 : writes[i].aio_offset), sizeof parts[i]) != 0)
            FAIL("%s, answered late: write %d is not in its place", way->name, i);
    }
    close(reader);
    close(writer);
}

int main(void)
{
    claim_start();
    file = slow_file_start();
    static const int errors[] = {EAGAIN, EIO,   EINTR,  EDQUOT, ENOSPC, ESTALE, EOPNOTSUPP, EINVAL,    EPERM,     EACCES,
                                 ENOSYS, ENOMEM, EBADF,  EFAULT, EFBIG,  ENODEV,     ETIMEDOUT, ECANCELED, EREMOTEIO};
    static const unsigned most[] = {1, 100, 512, 4096, 100000};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const struct way *way = &ways[i];
        atomic_store(&file.shared->open_flags, way->server);
        strcpy(what, "the server does all");
        try_lengths(way, true);
        for (size_t j = 0; j < sizeof errors / sizeof *errors; j++) {
            snprintf(what, sizeof what, "the server says errno %d", errors[j]);
            atomic_store(&file.shared->error, errors[j]);
            try_lengths(way, false);
        }
        atomic_store(&file.shared->error, 0);
        for (size_t j = 0; j < sizeof most / sizeof *most; j++) {
            snprintf(what, sizeof what, "the server moves %u bytes at most", most[j]);
            atomic_store(&file.shared->most, most[j]);
            try_lengths(way, true);
        }
        atomic_store(&file.shared->most, 0);
        if ((way->flags & O_APPEND) == 0) /* behind its end the server takes nothing */
            answer_late(way);
    }
    return 0;
}
