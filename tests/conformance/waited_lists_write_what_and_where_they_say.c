/* SPDX-License-Identifier: MIT */
/* Lists of writes that are waited for, one after the other: each byte stands where its entry says, though the flags of the
 * descriptor change between the lists, and its number comes to mean a pipe behind the library's back. */
#include <sys/syscall.h>

#include "claim.h"

enum { LISTS = 40, COUNT = 40, SIZE = 512 };

static char bytes[COUNT][SIZE], found[COUNT * SIZE];
static struct aiocb requests[COUNT], *list[COUNT];

static void write_list(int fd, int round, int count, int backwards)
{
    for (int i = 0; i < count; i++) {
        memset(bytes[i], 'a' + (i + round) % 26, SIZE);
        snprintf(bytes[i], SIZE, "%d of %d", i, round);
        requests[i] = request(fd, bytes[i], SIZE, (off_t)(backwards ? count - 1 - i : i) * SIZE);
        requests[i].aio_lio_opcode = LIO_WRITE;
        list[i] = &requests[i];
    }
    CHECK_INT(lio_listio(LIO_WAIT, list, count, NULL), 0);
    for (int i = 0; i < count; i++) {
        CHECK_INT(aio_error(&requests[i]), 0);
        CHECK_INT(aio_return(&requests[i]), SIZE);
    }
}

static void expect(int fd, off_t offset, int count, int backwards)
{
    CHECK_INT(pread(fd, found, (size_t)count * SIZE, offset), count * SIZE);
    for (int i = 0; i < count; i++)
        CHECK(memcmp(found + (backwards ? count - 1 - i : i) * SIZE, bytes[i], SIZE) == 0);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 0), flags = MUST(fcntl(fd, F_GETFL));
    for (int round = 0; round < LISTS; round++) {
        write_list(fd, round, COUNT, round % 2);
        expect(fd, 0, COUNT, round % 2);
    }
    /* An append stands in the order of its list, whatever the offsets say. */
    MUST(fcntl(fd, F_SETFL, flags | O_APPEND));
    write_list(fd, LISTS, COUNT, 1);
    expect(fd, COUNT * SIZE, COUNT, 0);
    MUST(fcntl(fd, F_SETFL, flags));
    write_list(fd, LISTS + 1, COUNT, 0);
    expect(fd, 0, COUNT, 0);

    struct stream pipe = make_pipe();
    MUST(syscall(SYS_dup3, pipe.writer, fd, O_CLOEXEC));
    write_list(fd, LISTS + 2, 8, 1);
    CHECK_INT(read(pipe.reader, found, sizeof found), 8 * SIZE);
    for (int i = 0; i < 8; i++)
        CHECK(memcmp(found + i * SIZE, bytes[i], SIZE) == 0);
    return 0;
}
