/* SPDX-License-Identifier: MIT */
/* A thread that waits for an O_DIRECT request may be cancelled, or leave by pthread_exit or siglongjmp from a handler: others
 * who wait go on, and so can it. */
#include "slow_direct.h"

#include <setjmp.h>

static struct aiocb left, kept;
static sigjmp_buf before;
static bool jumps;

static void leave(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    if (jumps)
        siglongjmp(before, 1);
    pthread_exit(NULL);
}

static int wait_and_leave(void *unused)
{
    (void)unused;
    if (sigsetjmp(before, 1) == 0) {
        wait_for_one(&left);
        FAIL("the wait ended");
    }
    return 1;
}

int main(void)
{
    claim_start();
    slow_direct_start();
    handle(SIGUSR1, leave, 0);
    for (int round = 0; round < 12; round++) {
        hold_disk();
        left = disk_write(0), kept = disk_write(1);
        SUBMIT_WRITE(&left);
        SUBMIT_WRITE(&kept);
        jumps = round % 3 == 2;
        struct interrupted_wait leaver = {.wait = wait_and_leave}, stayer = {.wait = wait_for_one, .argument = &kept};
        if (round % 2 == 0) {
            begin_wait(&leaver);
            begin_wait(&stayer);
        } else {
            begin_wait(&stayer);
            begin_wait(&leaver);
        }
        if (round % 3 == 0)
            pthread_cancel(leaver.thread);
        else
            pthread_kill(leaver.thread, SIGUSR1);
        JOIN(leaver.thread, NULL);
        EXPECT_IN_PROGRESS(&left);
        EXPECT_IN_PROGRESS(&kept);
        release_disk();
        end_wait(&stayer);
        CHECK_INT(stayer.result, 0);
        EXPECT_RESULT(&kept, SLOW_SIZE);
        EXPECT_RESULT(&left, SLOW_SIZE);
    }
    return 0;
}
