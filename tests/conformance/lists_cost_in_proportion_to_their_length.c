/* SPDX-License-Identifier: MIT */
/* The processor time of lio_listio grows with the length of the list, not with its square: eight times the entries take less
 * than twenty-four times as long (in proportion 8, square 64). All
 * threads run on one processor, so that chance encounters of two do not count.
 *
 * Differs from glibc: each entry walks the queue of its descriptor.
 * DECISION: difference-linear-lists */
#include "claim.h"

#include <sched.h>

enum { SMALL = 2500, LARGE = 8 * SMALL };

static struct aiocb requests[LARGE], *list[LARGE];
static char bytes[LARGE];

static double time_of(int fd, int count)
{
    for (int i = 0; i < count; i++) {
        requests[i] = request(fd, &bytes[i], 1, i);
        requests[i].aio_lio_opcode = LIO_READ;
        list[i] = &requests[i];
    }
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    CHECK_INT(lio_listio(LIO_WAIT, list, count, NULL), 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    for (int i = 0; i < count; i++)
        CHECK_INT(aio_return(&requests[i]), 1);
    return (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
}

int main(void)
{
    claim_start();
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(MUST(sched_getcpu()), &one);
    MUST(sched_setaffinity(0, sizeof one, &one));
    int fd = temporary_file("file", O_RDONLY, LARGE);
    /* The usual short list against the luckiest long one. */
    double small = 0, large = 1e9;
    for (int round = 0; round < 16; round++)
        small += time_of(fd, SMALL) / 16;
    for (int round = 0; round < 3; round++) {
        double time = time_of(fd, LARGE);
        large = time < large ? time : large;
    }
    if (large > 24 * small)
        FAIL("%d entries take %.3f s, %d take %.3f s: %.1f times as long", SMALL, small, LARGE, large, large / small);
    return 0;
}
