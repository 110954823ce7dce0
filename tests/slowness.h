// SPDX-License-Identifier: MIT
/* slowness(): how much slower than in quiet this process runs now, 1 or more, so that a limit in seconds means the same on
 * a machine that is busy or emulated. Ask when a limit is over, not before: it takes some milliseconds.
 *
 * It is the largest ratio seen so far, of three: runnable processes to processors; the time that this process's first
 * thread was runnable to the time that it ran; the time of a loop to that on a machine of 2020.
 *
 * C and C++. Async-signal-safe; leaves errno as it is.
 */
#ifndef SLOWNESS_H
#define SLOWNESS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

/* The number at *text, which moves past it. */
static inline double slowness_number(const char **text)
{
    double number = 0;
    while (**text == ' ')
        ++*text;
    for (; **text >= '0' && **text <= '9'; ++*text)
        number = number * 10 + (**text - '0');
    return number;
}

static inline int slowness_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd == -1 ? -1 : read(fd, text, size - 1);
    if (fd != -1)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

/* "0.20 0.18 0.12 3/80 11206": three want a processor, this one among them. */
static inline double slowness_by_crowd(void)
{
    char text[128];
    cpu_set_t processors;
    if (!slowness_read("/proc/loadavg", text, sizeof text) || sched_getaffinity(0, sizeof processors, &processors) == -1)
        return 1;
    const char *at = text;
    for (int spaces = 0; *at != '\0' && spaces < 3; ++at)
        spaces += *at == ' ';
    return slowness_number(&at) / CPU_COUNT(&processors);
}

/* "NANOSECONDS-RUN NANOSECONDS-WAITED SLICES" */
static inline double slowness_by_waiting(void)
{
    char text[128];
    if (!slowness_read("/proc/self/schedstat", text, sizeof text))
        return 1;
    const char *at = text;
    double ran = slowness_number(&at), waited = slowness_number(&at);
    return ran > 1e7 ? (ran + waited) / ran : 1;
}

static inline double slowness_by_loop(void)
{
    struct timespec begin, end;
    volatile unsigned long sink;
    unsigned long number = 2463534242UL;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    for (int i = 0; i < 1000000; ++i) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
    }
    sink = number;
    (void)sink;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    return ((double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9) / 0.003;
}

static inline double slowness(void)
{
    static unsigned thousandths = 1000; /* any thread, relaxed: an older value costs no more than patience */
    int saved_errno = errno;
    double seen[] = {slowness_by_crowd(), slowness_by_waiting(), slowness_by_loop()};
    unsigned most = __atomic_load_n(&thousandths, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < sizeof seen / sizeof seen[0]; ++i) {
        double bounded = seen[i] > 60 ? 60 : seen[i];
        if (bounded * 1000 > most)
            most = (unsigned)(bounded * 1000);
    }
    __atomic_store_n(&thousandths, most, __ATOMIC_RELAXED);
    errno = saved_errno;
    return most / 1000.0;
}

#endif
