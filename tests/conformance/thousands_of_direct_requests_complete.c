/* SPDX-License-Identifier: MIT */
/* Thousands of O_DIRECT requests in flight at once complete, each with its own data, whether waited for one by one, or by
 * polling, or as a list. */
#include "claim.h"

enum { COUNT = 3000, BLOCKS = 64, SIZE = 4096 };

static unsigned char *bytes;
static struct aiocb requests[COUNT], *list[COUNT];

static void check_all(void)
{
    for (int i = 0; i < COUNT; i++)
        CHECK_PATTERN(bytes + (size_t)i * SIZE, 64, (off_t)(i % BLOCKS) * SIZE);
    memset(bytes, 0, (size_t)COUNT * SIZE);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR | O_DIRECT, BLOCKS * SIZE);
    bytes = MUST((unsigned char *)mmap(NULL, (size_t)COUNT * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(fd, bytes + (size_t)i * SIZE, SIZE, (off_t)(i % BLOCKS) * SIZE);
        requests[i].aio_lio_opcode = LIO_READ;
        list[i] = &requests[i];
        SUBMIT_READ(&requests[i]);
    }
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
    check_all();
    for (int i = 0; i < COUNT; i++)
        SUBMIT_READ(&requests[i]);
    for (int i = 0; i < COUNT; i++) {
        WAIT_UNTIL(aio_error(&requests[i]) != EINPROGRESS);
        CHECK_INT(aio_return(&requests[i]), SIZE);
    }
    check_all();
    CHECK_INT(lio_listio(LIO_WAIT, list, COUNT, NULL), 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(aio_error(&requests[i]), 0);
        CHECK_INT(aio_return(&requests[i]), SIZE);
    }
    check_all();
    return 0;
}
