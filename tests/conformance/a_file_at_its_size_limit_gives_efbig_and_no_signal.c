/* SPDX-License-Identifier: MIT */
/* Writing past RLIMIT_FSIZE gives EFBIG by aio_error; SIGXFSZ never comes: it does not end the program, no handler runs,
 * nothing is left pending. */
#include "claim.h"

static atomic_int handled;

static void count(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    atomic_fetch_add(&handled, 1);
}

static void write_past_the_limit(int fd)
{
    char bytes[1000] = "x";
    struct aiocb beyond = request(fd, bytes, sizeof bytes, 70000), across = request(fd, bytes, sizeof bytes, 65536 - 600);
    SUBMIT_WRITE(&beyond);
    EXPECT_ERROR(&beyond, EFBIG);
    SUBMIT_WRITE(&across);
    EXPECT_RESULT(&across, 600);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 100);
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_FSIZE, &limit));
    limit.rlim_cur = 65536;
    MUST(setrlimit(RLIMIT_FSIZE, &limit));
    write_past_the_limit(fd); /* the default action would end the program */

    handle(SIGXFSZ, count, 0);
    write_past_the_limit(fd);
    CHECK_INT(atomic_load(&handled), 0);

    block_signal(SIGXFSZ);
    write_past_the_limit(fd);
    CHECK(!signal_is_pending(SIGXFSZ));
    return 0;
}
