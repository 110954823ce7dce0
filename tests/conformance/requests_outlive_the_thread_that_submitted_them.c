/* SPDX-License-Identifier: MIT */
/* A request belongs to the process: it completes and notifies though the thread that submitted it has ended, by return, by
 * pthread_exit or by cancellation. */
#include "slow_file.h"

enum { WAYS = 3 };

static int fd;
static struct stream pipes[WAYS];
static struct aiocb blocked[WAYS], of_file[WAYS], written[WAYS], synced[WAYS];
static char bytes[WAYS][2][4096];

static void *submit(void *argument)
{
    int way = *(int *)argument;
    SUBMIT_READ(&blocked[way]);
    SUBMIT_READ(&of_file[way]);
    SUBMIT_WRITE(&written[way]);
    CHECK_INT(aio_fsync(O_SYNC, &synced[way]), 0);
    if (way == 1)
        pthread_exit(NULL);
    if (way == 2)
        for (;;)
            pause();
    return NULL;
}

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int slow = slow_file_open(&file, O_RDWR);
    block_signal(SIGRTMIN);
    fd = temporary_file("file", O_RDWR, 4096);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);
    for (int way = 0; way < WAYS; way++) {
        pipes[way] = make_pipe();
        blocked[way] = request(pipes[way].reader, bytes[way][0], 1, 0);
        notify_by_signal(&blocked[way], SIGRTMIN, way);
        of_file[way] = request(slow, bytes[way][1], 4096, 65536 * way);
        written[way] = request(fd, bytes[way][1], 100, 0);
        synced[way] = request(fd, NULL, 0, 0);
        pthread_t thread;
        start_thread(&thread, submit, &way);
        if (way == 2)
            pthread_cancel(thread);
        JOIN(thread, NULL);
        WAIT_UNTIL(aio_error(&synced[way]) != EINPROGRESS || way == 2);
    }
    int submitted = 2 + (aio_error(&blocked[2]) == EINPROGRESS); /* the cancelled one may never have begun */
    AWAIT_HELD(&file, 1);
    slow_file_release(&file);
    for (int way = 0; way < submitted; way++) {
        EXPECT_IN_PROGRESS(&blocked[way]);
        feed(pipes[way].writer, "x");
        siginfo_t info;
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, way);
        EXPECT_RESULT(&blocked[way], 1);
        if (way < 2) {
            EXPECT_RESULT(&of_file[way], 4096);
            CHECK_PATTERN(bytes[way][1], 4096, 65536 * way);
            EXPECT_RESULT(&written[way], 100);
            EXPECT_RESULT(&synced[way], 0);
        }
    }
    return 0;
}
