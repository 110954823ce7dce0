/* SPDX-License-Identifier: MIT */
/* Where requests are told in the order of the calls, nobody waits for ever: not a sync, not lists of reads and writes, not
 * aio_suspend for the last one, not a thread beside, not who closes the descriptor. SIGEV_THREAD functions run, too.
 *
 * Asked of atomrt by ATOMRT_ORDER=calls. */
#include "claim.h"

enum { COUNT = 32, BLOCK = 1 << 14, ROUNDS = 20 };

static atomic_int functions;

static void count(union sigval unused)
{
    (void)unused;
    atomic_fetch_add(&functions, 1);
}

static void try_descriptor(int fd, int round, char *bytes)
{
    struct aiocb requests[COUNT], sync = request(fd, NULL, 0, 0), *list[COUNT];
    int notifying = 0;
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(fd, bytes + (size_t)i * BLOCK, i % 3 == 0 ? BLOCK : 4096, (off_t)i * BLOCK);
        if (i % 8 == 0) {
            notify_by_thread(&requests[i], count, NULL);
            notifying++;
        }
        CHECK_INT(i % 2 ? aio_write(&requests[i]) : aio_read(&requests[i]), 0);
    }
    CHECK_INT(aio_fsync(O_SYNC, &sync), 0);
    const struct aiocb *last[] = {&requests[COUNT - 1]};
    if (round % 2 == 0)
        CHECK_INT(aio_suspend(last, 1, NULL), 0);
    EXPECT_RESULT(&sync, 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK(aio_error(&requests[i]) != EINPROGRESS);
        EXPECT_RESULT(&requests[i], requests[i].aio_nbytes);
        requests[i].aio_sigevent.sigev_notify = SIGEV_NONE;
        requests[i].aio_lio_opcode = i % 2 ? LIO_WRITE : LIO_READ;
        list[i] = &requests[i];
    }
    MUST(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
    CHECK_INT(lio_listio(LIO_WAIT, list, COUNT, NULL), 0);
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], requests[i].aio_nbytes);
    WAIT_UNTIL(atomic_load(&functions) >= notifying);
    CHECK_INT(atomic_exchange(&functions, 0), notifying);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, (size_t)COUNT * BLOCK);
    void *bytes;
    if (posix_memalign(&bytes, 4096, (size_t)COUNT * BLOCK) != 0)
        SET_UP_FAILED("posix_memalign");
    memset(bytes, 'x', (size_t)COUNT * BLOCK);
    for (int round = 0; round < ROUNDS; round++) {
        int again = MUST(open(temporary_path("file"), O_RDWR | (round % 4 < 2 ? O_DIRECT : 0)));
        try_descriptor(again, round, bytes);
        try_descriptor(fd, round, bytes);
        struct aiocb left[2] = {request(again, bytes, BLOCK, 0), request(again, (char *)bytes + BLOCK, 4096, BLOCK)};
        SUBMIT_READ(&left[0]);
        SUBMIT_READ(&left[1]);
        MUST(close(again));
        AWAIT(&left[1]);
        AWAIT(&left[0]);
    }
    return 0;
}
