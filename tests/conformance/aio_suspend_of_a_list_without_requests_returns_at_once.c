/* SPDX-License-Identifier: MIT */
/* aio_suspend of a list with nothing but NULL entries, or with none, returns 0 at once, whatever the timeout. */
#include "claim.h"

int main(void)
{
    claim_start();
    const struct aiocb *nothing[] = {NULL, NULL, NULL};
    struct timespec zero = {0, 0}, forever = {1000000, 0}, *timeouts[] = {NULL, &zero, &forever};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(aio_suspend(nothing, 3, timeouts[i]), 0);
        CHECK_INT(aio_suspend(nothing, 0, timeouts[i]), 0);
    }
    return 0;
}
