/* SPDX-License-Identifier: MIT */
/* A transfer larger than 0x7ffff000 bytes is cut to that, as read() and write() do. */
#include "claim.h"

enum { PIECE = 2 << 20 };

int main(void)
{
    setenv("CLAIM_PATIENCE", "30", 0); /* memory may be slow */
    claim_start();
    if (sizeof(void *) < 8)
        SKIP("no room for such a buffer");
    /* 2 GiB of addresses over 2 MiB of memory, mapped at once: where page faults are slow, they are most of the test. */
    size_t size = 0x80000000UL;
    int memory = MUST(memfd_create("piece", MFD_CLOEXEC));
    MUST(ftruncate(memory, PIECE));
    char *buffer = MUST((char *)mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    for (size_t at = 0; at < size; at += PIECE)
        MUST((char *)mmap(buffer + at, PIECE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, memory, 0));

    /* Neither costs more than touching the buffer does. */
    int null = MUST(open("/dev/null", O_WRONLY)), zero = MUST(open("/dev/zero", O_RDONLY));
    struct aiocb write_request = request(null, buffer, size, 0), read_request = request(zero, buffer, size, 4096);
    SUBMIT_WRITE(&write_request);
    EXPECT_RESULT(&write_request, 0x7ffff000);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, 0x7ffff000);
    return 0;
}
