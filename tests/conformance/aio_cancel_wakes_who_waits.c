/* SPDX-License-Identifier: MIT */
/* A thread in aio_suspend, and one in lio_listio with LIO_WAIT, wake when what they wait for is cancelled; the list gives EIO.
 *
 * Differs from glibc: it cancels nothing that it has begun.
 * DECISION: difference-cancel-blocked-streams */
#include "claim.h"

static struct stream first, second;
static struct aiocb alone, listed;
static char bytes[2];

static void *suspend(void *unused)
{
    const struct aiocb *list[] = {&alone};
    CHECK_INT(aio_suspend(list, 1, NULL), 0);
    return unused;
}

static void *wait_for_list(void *unused)
{
    struct aiocb *list[] = {&listed};
    CHECK_FAILS(lio_listio(LIO_WAIT, list, 1, NULL), EIO);
    return unused;
}

int main(void)
{
    claim_start();
    first = make_pipe();
    second = make_pipe();
    alone = request(first.reader, &bytes[0], 1, 0);
    listed = request(second.reader, &bytes[1], 1, 0);
    listed.aio_lio_opcode = LIO_READ;
    SUBMIT_READ(&alone);
    pthread_t suspended, waiting;
    start_thread(&suspended, suspend, NULL);
    start_thread(&waiting, wait_for_list, NULL);
    CHECK_INT(aio_cancel(first.reader, &alone), AIO_CANCELED);
    JOIN(suspended, NULL);
    WAIT_UNTIL(aio_cancel(second.reader, NULL) == AIO_CANCELED);
    JOIN(waiting, NULL);
    EXPECT_ERROR(&alone, ECANCELED);
    EXPECT_ERROR(&listed, ECANCELED);
    return 0;
}
