// SPDX-License-Identifier: MIT
/* Which threads of this process sleep, as /proc says; and, in programs under ASan, a fork that waits until all others do.
 *
 * ASan's allocator (gcc 12) takes no heed of fork: a child that is made while another thread allocates, or begins, finds
 * it locked forever. The library's threads begin and end when they like. A test whose own threads never all sleep is
 * named in scripts/asan_limits.txt; or it defines CHILDREN_ALLOCATE_NOTHING and forks at any moment.
 *
 * C and C++.
 */
#ifndef SLEEPERS_H
#define SLEEPERS_H

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "slowness.h"

/* What /proc says of the thread: S for asleep, D for a sleep until a disk has answered; 0 where it is gone. */
static inline char state_of(pid_t tid)
{
    char path[64], state = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 0;
    fclose(file);
    return state;
}

/* Do all threads but the caller's and `but` sleep? */
static inline bool others_sleep(pid_t but)
{
    DIR *threads = opendir("/proc/self/task");
    bool sleep = threads != NULL;
    for (struct dirent *entry; sleep && (entry = readdir(threads)) != NULL;) {
        pid_t tid = atoi(entry->d_name);
        char state = tid == 0 || tid == gettid() || tid == but ? 'S' : state_of(tid);
        sleep = state == 'S' || state == 'D' || state == 0;
    }
    if (threads != NULL)
        closedir(threads);
    return sleep;
}

/* Is the thread asleep until somebody outside acts? If it waits only for a moment, say for a lock, another thread runs:
 * so the others are looked at first. */
static inline bool is_asleep(pid_t tid)
{
    return others_sleep(tid) && state_of(tid) == 'S';
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLEEPERS_UNDER_ASAN
#endif
#endif
#if (defined(__SANITIZE_ADDRESS__) || defined(SLEEPERS_UNDER_ASAN)) && !defined(CHILDREN_ALLOCATE_NOTHING)
/* Waits for some seconds at most, longer on a busy machine: then the test goes on all the same. */
static inline void sleepers_before_fork(void)
{
    struct timespec begin, now, pause = {0, 200 * 1000};
    int saved_errno = errno;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    while (!others_sleep(0)) {
        nanosleep(&pause, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        double passed = (double)(now.tv_sec - begin.tv_sec);
        if (passed > 3 && passed > 3 * slowness())
            break;
    }
    errno = saved_errno;
}

__attribute__((constructor)) static void sleepers_watch_fork(void)
{
    pthread_atfork(sleepers_before_fork, NULL, NULL);
}
#endif

#endif
