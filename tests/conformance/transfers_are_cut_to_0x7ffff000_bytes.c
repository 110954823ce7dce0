/* SPDX-License-Identifier: MIT */
/* A transfer larger than 0x7ffff000 bytes is cut to that, as read() and write() do. */
#include "claim.h"

enum { PIECE = 2 << 20 };
static const size_t SIZE = 0x80000000UL;

static char *buffer;
static atomic_int finished;

static char *map(char *address, size_t size, int protection, int flags)
{
    return MUST((char *)mmap(address, size, protection, flags | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

static int is_there(const char *address)
{
    unsigned char page = 0;
    MUST(mincore((void *)address, 1, &page));
    return page & 1;
}

/* Gives the memory of each piece back once the next one is written, so that a few pieces are there at any time. Huge pages
 * where they can be had: a page of 4 KiB costs some machines ten microseconds when it is written first, be it mapped or not. */
static void *give_back_what_is_read(void *unused)
{
    for (size_t at = 0; at + PIECE < SIZE; at += PIECE) {
        while (!is_there(buffer + at + PIECE) && !atomic_load(&finished))
            sched_yield();
        MUST(madvise(buffer + at, PIECE, MADV_DONTNEED));
        if (is_there(buffer + at)) /* qemu does nothing for madvise() */
            map(buffer + at, PIECE, PROT_NONE, MAP_FIXED);
    }
    return unused;
}

int main(void)
{
    setenv("CLAIM_PATIENCE", "30", 0); /* memory may be slow */
    claim_start();
    if (sizeof(void *) < 8)
        SKIP("no room for such a buffer");
    char *addresses = map(NULL, SIZE + PIECE, PROT_READ | PROT_WRITE, 0);
    buffer = addresses + (PIECE - (uintptr_t)addresses % PIECE) % PIECE;
    madvise(buffer, SIZE, MADV_HUGEPAGE);

    /* Neither costs more than touching the buffer does. */
    int null = MUST(open("/dev/null", O_WRONLY)), zero = MUST(open("/dev/zero", O_RDONLY));
    struct aiocb write_request = request(null, buffer, SIZE, 0), read_request = request(zero, buffer, SIZE, 4096);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 0x7ffff000);
    pthread_t giver;
    start_thread(&giver, give_back_what_is_read, NULL);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 0x7ffff000);
    atomic_store(&finished, 1);
    JOIN(giver, NULL);
    return 0;
}
