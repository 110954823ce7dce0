/* SPDX-License-Identifier: MIT */
/* A negative number of entries fails at once with EINVAL, for lio_listio in both modes and for aio_suspend.
 *
 * Differs from glibc: lio_listio takes it for an empty list.
 * DECISION: difference-negative-nent */
#include "claim.h"

#include <limits.h>

int main(void)
{
    claim_start();
    char byte;
    struct aiocb read_request = request(-1, &byte, 1, 0), *list[] = {&read_request};
    volatile int counts[] = {-1, INT_MIN};
    for (int i = 0; i < 2; i++) {
        CHECK_FAILS(aio_suspend((const struct aiocb *const *)list, counts[i], &(struct timespec){0, 0}), EINVAL);
        CHECK_FAILS(lio_listio(LIO_NOWAIT, list, counts[i], NULL), EINVAL);
        CHECK_FAILS(lio_listio(LIO_WAIT, list, counts[i], NULL), EINVAL);
    }
    return 0;
}
