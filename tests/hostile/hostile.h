// SPDX-License-Identifier: MIT
/* Helpers of the hostile programs: requests of every kind, in flight and done, around what a program may do that a
 * library can't wish for. Each program is run linked, and preloaded with each set of contexts. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "../conformance/claim.h"

enum { BLOCK = 4096 };

/* The same file again, with O_DIRECT; -1 where that can't be had. */
static inline int open_direct(int fd)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
}

/* Two reads of the disk at a time. No write: where one meets buffered writes of another process, the kernel gives EIO to the
 * next fsync. */
static inline void use_disk(int fd)
{
    int direct = open_direct(fd);
    if (direct == -1)
        return;
    char *blocks = MUST((char *)mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    struct aiocb first = request(direct, blocks, BLOCK, 0), second = request(direct, blocks + BLOCK, BLOCK, 0);
    SUBMIT_READ(&first);
    SUBMIT_READ(&second);
    EXPECT_RESULT(&first, BLOCK);
    EXPECT_RESULT(&second, BLOCK);
    munmap(blocks, 2 * BLOCK);
    close(direct);
}

/* One request of each kind on the file, of 4096 bytes at least, and one that waits for its peer, to their ends. */
static inline void use_everything(int fd)
{
    char bytes[100], byte;
    struct stream pipe = make_pipe();
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0), write_request = request(fd, bytes, sizeof bytes, 0);
    struct aiocb sync_request = request(fd, NULL, 0, 0), blocked = request(pipe.reader, &byte, 1, 0);
    struct aiocb *list[] = {&read_request, &write_request};
    SUBMIT_READ(&blocked);
    EXPECT_IN_PROGRESS(&blocked);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof bytes);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, sizeof bytes);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    read_request.aio_lio_opcode = LIO_READ, write_request.aio_lio_opcode = LIO_WRITE;
    CHECK_INT(lio_listio(LIO_WAIT, list, 2, NULL), 0);
    EXPECT_RESULT(&read_request, sizeof bytes);
    EXPECT_RESULT(&write_request, sizeof bytes);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    CHECK_INT(byte, 'x');
    SUBMIT_READ(&blocked);
    int outcome = aio_cancel(pipe.reader, &blocked);
    CHECK(outcome == AIO_CANCELED);
    EXPECT_ERROR(&blocked, ECANCELED);
    close(pipe.reader);
    close(pipe.writer);
    use_disk(fd);
}

/* Two reads that wait on each of two pipes, the second behind the first. */
enum { WAITING = 4 };
struct waiting {
    struct stream pipes[WAITING / 2];
    struct aiocb reads[WAITING];
    char bytes[WAITING];
};

static inline void begin_waiting(struct waiting *waiting)
{
    for (int i = 0; i < WAITING; i++) {
        if (i % 2 == 0)
            waiting->pipes[i / 2] = make_pipe();
        waiting->reads[i] = request(waiting->pipes[i / 2].reader, &waiting->bytes[i], 1, 0);
        SUBMIT_READ(&waiting->reads[i]);
    }
    for (int i = 0; i < WAITING; i++)
        EXPECT_IN_PROGRESS(&waiting->reads[i]);
}

/* They are all still there, and complete in their order. */
static inline void end_waiting(struct waiting *waiting)
{
    for (int i = 0; i < WAITING; i++) {
        EXPECT_IN_PROGRESS(&waiting->reads[i]);
        feed(waiting->pipes[i / 2].writer, i % 2 == 0 ? "a" : "b");
        EXPECT_RESULT(&waiting->reads[i], 1);
        CHECK_INT(waiting->bytes[i], i % 2 == 0 ? 'a' : 'b');
    }
    for (int i = 0; i < WAITING / 2; i++) {
        close(waiting->pipes[i].reader);
        close(waiting->pipes[i].writer);
    }
}

#endif
