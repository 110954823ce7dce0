/* SPDX-License-Identifier: MIT */
/* dup2 and dup3 over every number that the program does not use, low and high, with requests in flight and before the
 * next: the library depends on none of them. */
#include "hostile.h"

static bool is_known(const struct waiting *waiting, int fd, int number)
{
    bool known = number == fd || number <= STDERR_FILENO;
    for (int i = 0; i < WAITING / 2; i++)
        known |= number == waiting->pipes[i].reader || number == waiting->pipes[i].writer;
    return known;
}

static void replace(const struct waiting *waiting, int fd, int from, int low, int high)
{
    for (int number = low; number < high; number++)
        if (number != from && !is_known(waiting, fd, number))
            MUST(number % 2 ? dup2(from, number) : dup3(from, number, O_CLOEXEC));
}

int main(void)
{
    claim_start();
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    int fd = temporary_file("file", O_RDWR, 4096), null = MUST(open("/dev/null", O_RDWR));
    int high = limit.rlim_cur > 4400 ? 4400 : (int)limit.rlim_cur;
    struct waiting waiting;
    begin_waiting(&waiting);
    replace(&waiting, fd, null, 3, 300);
    replace(&waiting, fd, null, high - 310, high);
    end_waiting(&waiting);
    closefrom(null + 1 > fd + 1 ? null + 1 : fd + 1);
    use_everything(fd);
    begin_waiting(&waiting);
    replace(&waiting, fd, null, 3, 300);
    end_waiting(&waiting);
    return 0;
}
