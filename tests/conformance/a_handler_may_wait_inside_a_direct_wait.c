/* SPDX-License-Identifier: MIT */
/* A handler that interrupts a wait for an O_DIRECT request may wait itself, for another one or for the same; both waits end.
 * So it does while a second thread waits. */
#include "slow_direct.h"

static struct aiocb outer, inner, beside;
static struct aiocb *inside;
static atomic_int inside_waits, inside_ended;

static void wait_inside(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    int error = errno;
    atomic_store(&inside_waits, 1);
    CHECK_INT(wait_for_one(inside), 0);
    CHECK_INT(aio_error(inside), 0);
    atomic_store(&inside_ended, 1);
    errno = error;
}

int main(void)
{
    claim_start();
    slow_direct_start();
    handle(SIGUSR1, wait_inside, SA_RESTART);
    for (int round = 0; round < 8; round++) {
        hold_disk();
        atomic_store(&inside_waits, 0);
        atomic_store(&inside_ended, 0);
        outer = disk_write(0), inner = disk_write(1), beside = disk_write(2);
        inside = round % 2 ? &outer : &inner;
        SUBMIT_WRITE(&outer);
        SUBMIT_WRITE(&inner);
        SUBMIT_WRITE(&beside);
        struct interrupted_wait first = {.wait = wait_for_one, .argument = &outer};
        struct interrupted_wait second = {.wait = wait_for_one, .argument = &beside};
        if (round % 4 < 2) {
            begin_wait(&first);
            begin_wait(&second);
        } else {
            begin_wait(&second);
            begin_wait(&first);
        }
        pthread_kill(first.thread, SIGUSR1);
        WAIT_UNTIL(atomic_load(&inside_waits) && is_asleep(atomic_load(&first.tid)));
        release_disk();
        end_wait(&first);
        end_wait(&second);
        CHECK_INT(atomic_load(&inside_ended), 1);
        CHECK_INT(first.result, 0);
        CHECK_INT(second.result, 0);
        EXPECT_RESULT(&outer, SLOW_SIZE);
        EXPECT_RESULT(&inner, SLOW_SIZE);
        EXPECT_RESULT(&beside, SLOW_SIZE);
    }
    return 0;
}
