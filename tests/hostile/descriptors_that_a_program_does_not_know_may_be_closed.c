/* SPDX-License-Identifier: MIT */
/* Programs close every descriptor that they do not know, by a loop, close_range or closefrom, with requests in flight,
 * also on a descriptor that is closed by it: requests and the library go on. */
#include "hostile.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif

static int known[16], known_count;

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static void know(int fd) { known[known_count++] = fd; }

/* way 0: close each number; 1: close_range of each gap; 2: closefrom behind the last, the gaps by a loop. */
static void close_unknown(int way)
{
    qsort(known, (size_t)known_count, sizeof known[0], compare);
    int next = 0, limit = (int)sysconf(_SC_OPEN_MAX);
    limit = limit > 10000 ? 10000 : limit;
    for (int fd = 0, i = 0; i <= known_count; i++) {
        next = i < known_count ? known[i] : limit;
        if (way == 1 && next > fd)
            close_range((unsigned)fd, i < known_count ? (unsigned)next - 1 : ~0U, 0);
        else if (way == 2 && i == known_count)
            closefrom(fd);
        else
            while (fd < next)
                close(fd++);
        fd = next + 1;
    }
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    for (int way = 0; way < 3; way++) {
        struct waiting waiting, closed;
        begin_waiting(&waiting);
        begin_waiting(&closed); /* its reading ends are not known below */
        known_count = 0;
        know(STDERR_FILENO), know(fd);
        for (int i = 0; i < WAITING / 2; i++)
            know(waiting.pipes[i].reader), know(waiting.pipes[i].writer), know(closed.pipes[i].writer);
        close_unknown(way);
        close_unknown(way);
        use_everything(fd);
        end_waiting(&waiting);
        end_waiting(&closed);
        use_everything(fd);
    }
    return 0;
}
