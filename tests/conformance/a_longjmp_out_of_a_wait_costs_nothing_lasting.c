/* SPDX-License-Identifier: MIT */
/* A handler may leave aio_suspend by longjmp, as often as it likes: no memory is lost, nobody waits in vain afterwards, and the
 * thread can be cancelled no sooner than before. The last fails with glibc.
 * DECISION: difference-longjmp-leaves-nothing */
#include "slow_direct.h"

#include <limits.h>
#include <setjmp.h>
#include <sys/time.h>

enum { MANY = 12000, SOME = 1500, MOST_GROWTH = 256 * 1024 };

static sigjmp_buf before_the_wait;
static volatile int jumps;

static void jump(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    jumps++;
    siglongjmp(before_the_wait, 1);
}

static void wait_in_suspend(struct aiocb *aiocb)
{
    const struct aiocb *list[] = {aiocb};
    aio_suspend(list, 1, NULL);
}

static void wait_with_timeout(struct aiocb *aiocb)
{
    const struct aiocb *list[] = {aiocb};
    aio_suspend(list, 1, &(struct timespec){.tv_sec = 1000000});
}

/* The handler comes at any moment of the wait, or before it. */
static void jump_out_of(void (*wait)(struct aiocb *), struct aiocb *aiocb, int times)
{
    for (jumps = 0; jumps < times;) {
        if (sigsetjmp(before_the_wait, 1) != 0)
            continue;
        setitimer(ITIMER_REAL, &(struct itimerval){.it_value.tv_usec = 5 + jumps % 32}, NULL);
        wait(aiocb);
        FAIL("the wait is over, with %s", strerror(errno));
    }
}

/* Private memory of the process. */
static long memory_in_use(void)
{
    long pages;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL || fscanf(file, "%*d %*d %*d %*d %*d %ld", &pages) != 1)
        SET_UP_FAILED("statm");
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* A thread of the library that comes meanwhile takes its stack once; what is lost by each jump is lost in each round. */
static void expect_nothing_lasting(void (*wait)(struct aiocb *), struct aiocb *aiocb, int times)
{
    int type;
    long growth = LONG_MAX;
    jump_out_of(wait, aiocb, 100);
    for (int round = 0; round < 3 && growth > MOST_GROWTH; round++) {
        long before = memory_in_use();
        jump_out_of(wait, aiocb, times);
        growth = memory_in_use() - before;
    }
    CHECK(growth <= MOST_GROWTH);
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    CHECK_INT(type, PTHREAD_CANCEL_DEFERRED);
    EXPECT_IN_PROGRESS(aiocb);
}

int main(void)
{
    claim_start();
    slow_direct_start();
    handle(SIGALRM, jump, 0);
    char byte;
    struct stream pipe = make_pipe();
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0), direct = disk_write(0);
    SUBMIT_READ(&blocked);
    expect_nothing_lasting(wait_in_suspend, &blocked, MANY);
    expect_nothing_lasting(wait_with_timeout, &blocked, SOME);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    hold_disk();
    SUBMIT_WRITE(&direct);
    expect_nothing_lasting(wait_in_suspend, &direct, SOME);
    expect_nothing_lasting(wait_with_timeout, &direct, SOME);
    release_disk();
    EXPECT_RESULT(&direct, SLOW_SIZE);
    return 0;
}
