/* SPDX-License-Identifier: MIT */
/* One call, also a whole list, copies at most about 128 KiB in the submitting thread before it hands the rest over, but
 * for reads of up to 4 KiB: the kernel's count of bytes that this thread has read and written says so. */
#include "claim.h"

enum { SIZE = 16 << 20, COUNT = 256, BUDGET = 512 << 10 };

static char *bytes;

static unsigned long long moved_by_this_thread(void)
{
    unsigned long long rchar = 0, wchar = 0;
    FILE *file = fopen("/proc/thread-self/io", "re");
    if (file == NULL || fscanf(file, "rchar: %llu wchar: %llu", &rchar, &wchar) != 2)
        SKIP("no /proc/thread-self/io");
    fclose(file);
    return rchar + wchar;
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, SIZE);
    bytes = malloc(SIZE);
    CHECK_INT(pread(fd, bytes, SIZE, 0), SIZE); /* all in memory */

    for (int writing = 0; writing < 2; writing++) {
        struct aiocb large = request(fd, bytes, SIZE, 0);
        unsigned long long before = moved_by_this_thread();
        CHECK_INT((writing ? aio_write : aio_read)(&large), 0);
        unsigned long long after = moved_by_this_thread();
        CHECK(after - before < BUDGET);
        WAIT_UNTIL(aio_error(&large) != EINPROGRESS);
        EXPECT_RESULT(&large, SIZE);

        static struct aiocb requests[COUNT], *list[COUNT];
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(fd, bytes + i * (SIZE / COUNT), SIZE / COUNT, i * (SIZE / COUNT));
            requests[i].aio_lio_opcode = writing ? LIO_WRITE : LIO_READ;
            list[i] = &requests[i];
        }
        before = moved_by_this_thread();
        CHECK_INT(lio_listio(LIO_NOWAIT, list, COUNT, NULL), 0);
        after = moved_by_this_thread();
        CHECK(after - before < BUDGET);
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], SIZE / COUNT);
    }
    CHECK_PATTERN(bytes, SIZE, 0);
    return 0;
}
