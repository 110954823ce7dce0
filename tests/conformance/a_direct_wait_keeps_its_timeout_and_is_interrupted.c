/* SPDX-License-Identifier: MIT */
/* A wait for an O_DIRECT request ends with its timeout, gives EINTR after a handler, and without a timeout goes on after one with
 * SA_RESTART; so does lio_listio with LIO_WAIT where its handler has SA_RESTART. */
#include "slow_direct.h"

static struct aiocb direct;
static struct timespec forever = {1000000, 0};

static int wait_with_timeout(void *timeout)
{
    const struct aiocb *list[] = {&direct};
    return aio_suspend(list, 1, timeout);
}

static int wait_for_list(void *unused)
{
    struct aiocb *list[] = {&direct};
    (void)unused;
    return lio_listio(LIO_WAIT, list, 1, NULL);
}

int main(void)
{
    claim_start();
    slow_direct_start();
    hold_disk();
    direct = disk_write(0);
    direct.aio_lio_opcode = LIO_WRITE;
    SUBMIT_WRITE(&direct);
    CHECK_INT(wait_with_timeout(&(struct timespec){0, 1000000}), -1);
    CHECK_INT(errno, EAGAIN);

    handle(SIGUSR1, count_interruption, 0);
    struct interrupted_wait plain = {.wait = wait_with_timeout}, timed = {.wait = wait_with_timeout, .argument = &forever};
    begin_wait(&plain);
    interrupt_until_it_ends(&plain);
    CHECK_INT(plain.result, -1);
    CHECK_INT(plain.error, EINTR);
    handle(SIGUSR1, count_interruption, SA_RESTART);
    begin_wait(&timed);
    interrupt_until_it_ends(&timed);
    CHECK_INT(timed.result, -1);
    CHECK_INT(timed.error, EINTR);
    EXPECT_IN_PROGRESS(&direct);

    begin_wait(&plain);
    CHECK(interrupt_while_it_waits(&plain, 10));
    release_disk();
    end_wait(&plain);
    CHECK_INT(plain.result, 0);
    EXPECT_RESULT(&direct, SLOW_SIZE);

    hold_disk();
    struct interrupted_wait list = {.wait = wait_for_list};
    begin_wait(&list);
    AWAIT_HELD(&slow_storage, 1);
    CHECK(interrupt_while_it_waits(&list, 10));
    release_disk();
    end_wait(&list);
    CHECK_INT(list.result, 0);
    EXPECT_RESULT(&direct, SLOW_SIZE);
    return 0;
}
