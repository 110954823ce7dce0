/* SPDX-License-Identifier: MIT */
/* Requests of one descriptor and direction are told in the order of the calls, whichever is done first: uncached reads of
 * different sizes, and direct ones, with signals; and none has its result before the one that was called before it.
 *
 * Asked of atomrt by ATOMRT_ORDER=calls. */
#include "claim.h"

enum { COUNT = 64, BLOCK = 1 << 16, ROUNDS = 10 };

static struct aiocb requests[COUNT];

static void expect_in_order(int fd, char *bytes)
{
    for (int i = 0; i < COUNT; i++) {
        /* Long ones before short ones: these are done first. */
        requests[i] = request(fd, bytes + (size_t)i * BLOCK, i % 4 == 0 ? BLOCK : 4096, (off_t)i * BLOCK);
        notify_by_signal(&requests[i], SIGRTMIN, i);
        SUBMIT_READ(&requests[i]);
    }
    for (int last = COUNT - 1; aio_error(&requests[COUNT - 1]) == EINPROGRESS; last = COUNT - 1) {
        /* From behind: what is seen complete later was so before. */
        while (last > 0 && aio_error(&requests[last]) == EINPROGRESS)
            last--;
        for (int i = 0; i < last; i++)
            CHECK(aio_error(&requests[i]) != EINPROGRESS);
    }
    for (int i = 0; i < COUNT; i++) {
        siginfo_t info;
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, i);
        EXPECT_RESULT(&requests[i], requests[i].aio_nbytes);
    }
}

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, (size_t)COUNT * BLOCK);
    int direct = open(temporary_path("file"), O_RDONLY | O_DIRECT);
    void *bytes;
    if (posix_memalign(&bytes, 4096, (size_t)COUNT * BLOCK) != 0)
        SET_UP_FAILED("posix_memalign");
    MUST(fsync(fd));
    for (int round = 0; round < ROUNDS; round++) {
        MUST(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
        /* Some are in memory: the submitting thread could serve them at once. */
        char some[4096];
        for (int i = 3; i < COUNT; i += 7)
            MUST(pread(fd, some, sizeof some, (off_t)i * BLOCK));
        expect_in_order(fd, bytes);
        if (direct >= 0)
            expect_in_order(direct, bytes);
    }
    return 0;
}
