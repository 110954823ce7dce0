/* SPDX-License-Identifier: MIT */
/* Progress, and what is left at the end. A run is stuck when a worker does not move, or a notification does not come, while
 * the watch itself gets a write, a sync, and a new thread on each processor through, hundreds of times: a slow machine is
 * slow for both. On each processor, as one may hardly get to this process's threads while another one does. */
#include "fuzz.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { STILL_ROUNDS = 300, ROUND_US = 50000 };

/* What a fifth of the requests has not needed, the rest does not need: a little more may be in flight at once. Sanitizers
 * keep what was freed. */
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__
enum { IS_MEMORY_WATCHED = false };
#else
enum { IS_MEMORY_WATCHED = true };
#endif
enum { MOST_MORE_KIB = 384 };
static unsigned long memory_after_a_fifth;

atomic_ulong watch_round, submitted, ended, cancelled, refused, notices_due, notices_seen;

/* The library's threads and the functions' come through here, too: what became of them, for who has to find out why one did
 * not come. */
static atomic_ulong threads_made, threads_refused, last_made_in;
static atomic_int last_refusal;
#if !defined __SANITIZE_THREAD__ && !defined __SANITIZE_ADDRESS__
int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attributes, void *(*start)(void *),
                   void *restrict argument)
{
    static _Atomic(int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)) real;
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
    const int error = real(thread, attributes, start, argument);
    if (error == 0) {
        atomic_fetch_add(&threads_made, 1);
        atomic_store(&last_made_in, watch_round);
    } else {
        atomic_fetch_add(&threads_refused, 1);
        atomic_store(&last_refusal, error);
    }
    return error;
}
#endif

/* Of this process, at the last rounds. */
static double processor_ms[STILL_ROUNDS];

static double now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Not by stdio, whose locks a thread that forks may hold. */
static void tell(const char *form, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, form);
    const int length = vsnprintf(text, sizeof text, form, arguments);
    va_end(arguments);
    if (length > 0 && write(1, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1) < 0)
        return;
}

/* By posix_spawn, which runs no handlers of fork. */
static void show_backtraces(void)
{
    char pid[16];
    pid_t child;
    int status;
    char *command[] = {"gdb", "-p", pid, "-nx", "-batch", "-ex", "thread apply all backtrace 30", NULL};
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    unsetenv("LD_PRELOAD");
    if (posix_spawnp(&child, "gdb", NULL, NULL, command, environ) == 0)
        waitpid(child, &status, 0);
}

static void show_worker(struct worker *worker)
{
    static const char *const KINDS[] = {"read", "write", "sync", "append", "stream read", "stream write"};
    static const char *const BY[] = {"ended", "awaits its signal", "awaits its thread"};
    tell("worker %u: %lu steps, %lu requests, %u in flight%s\n", worker->index, (unsigned long)worker->steps,
         (unsigned long)worker->made, worker->in_flight, worker->is_done ? ", done" : "");
    for (unsigned i = 0; i < OPS; ++i) {
        struct op *op = &worker->ops[i];
        if (op->state != IDLE)
            tell("  request %u: %s, descriptor %d, %zu bytes at %lld, aio_error %d, %s, %lu rounds old\n", i,
                 KINDS[op->kind], op->block.aio_fildes, (size_t)op->block.aio_nbytes, (long long)op->block.aio_offset,
                 aio_error(&op->block), op->state == FLYING ? "in flight" : BY[op->notice], watch_round - op->round);
    }
}

void give_up(const char *form, ...)
{
    static atomic_flag is_told = ATOMIC_FLAG_INIT;
    char text[400];
    va_list arguments;
    if (atomic_flag_test_and_set(&is_told))
        for (;;)
            pause();
    va_start(arguments, form);
    vsnprintf(text, sizeof text, form, arguments);
    va_end(arguments);
    tell("FAILED seed %llu: %s\n", (unsigned long long)plan.seed, text);
    tell("this process had %.0f ms of a processor in the last %d rounds; %lu threads were made, the last one %lu rounds ago, "
         "%lu refused (error %d)\n", now_ms(CLOCK_PROCESS_CPUTIME_ID) - processor_ms[watch_round % STILL_ROUNDS],
         STILL_ROUNDS, threads_made, watch_round - last_made_in, threads_refused, last_refusal);
    for (unsigned i = 0; i < plan.workers; ++i)
        show_worker(&workers[i]);
    show_backtraces();
    _exit(1);
}

unsigned count_entries(const char *folder)
{
    unsigned count = 0;
    DIR *entries = opendir(folder);
    MUST(entries != NULL);
    while (readdir(entries) != NULL)
        ++count;
    closedir(entries);
    return count;
}

/* In KiB: what this process has written, and no other has. */
unsigned long private_memory(void)
{
    char line[200];
    unsigned long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    MUST(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        sscanf(line, "RssAnon: %lu", &kib);
    fclose(status);
    return kib;
}

static void *do_nothing(void *argument) { return argument; }

/* Made as glibc makes any, and waited for. None where none can be had just now: then the round does not count either. */
static bool gets_a_thread(int processor)
{
    cpu_set_t only;
    pthread_attr_t attributes;
    pthread_t thread;
    CPU_ZERO(&only);
    CPU_SET(processor, &only);
    MUST(pthread_attr_init(&attributes) == 0);
    pthread_attr_setaffinity_np(&attributes, sizeof only, &only);
    const int error = pthread_create(&thread, &attributes, do_nothing, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0)
        MUST(pthread_join(thread, NULL) == 0);
    return error == 0;
}

static void round_once(FILE *canary)
{
    cpu_set_t ours;
    bool all = true;
    usleep(ROUND_US);
    MUST(pwrite(fileno(canary), "canary", 6, 0) == 6);
    MUST(fdatasync(fileno(canary)) == 0 || errno == EINTR);
    MUST(sched_getaffinity(0, sizeof ours, &ours) == 0);
    for (int processor = 0; processor < CPU_SETSIZE; ++processor)
        if (CPU_ISSET(processor, &ours))
            all &= gets_a_thread(processor);
    if (!all)
        return;
    processor_ms[watch_round % STILL_ROUNDS] = now_ms(CLOCK_PROCESS_CPUTIME_ID);
    atomic_fetch_add(&watch_round, 1);
}

void watch_until_done(void)
{
    unsigned long seen[MOST_WORKERS] = {0}, since[MOST_WORKERS] = {0};
    FILE *canary = tmpfile();
    MUST(canary != NULL);
    for (bool all = false; !all;) {
        all = true;
        round_once(canary);
        if (memory_after_a_fifth == 0 && submitted >= plan.requests / 5)
            memory_after_a_fifth = private_memory();
        for (unsigned i = 0; i < plan.workers; ++i) {
            if (workers[i].is_done)
                continue;
            all = false;
            if (workers[i].steps != seen[i]) {
                seen[i] = workers[i].steps;
                since[i] = watch_round;
            } else if (watch_round - since[i] > STILL_ROUNDS) {
                give_up("worker %u is stuck", i);
            }
        }
    }
    fclose(canary);
}

/* Idle threads leave after their idle time; functions of notifications have ended. ThreadSanitizer has a thread of its own
 * from the first that is made on. */
void watch_threads_leave(unsigned descriptors)
{
#if defined __SANITIZE_THREAD__
    const unsigned threads = 2 + 1 + 1;
#else
    const unsigned threads = 2 + 1;
#endif
    FILE *canary = tmpfile();
    unsigned long from = watch_round;
    MUST(canary != NULL);
    while (count_entries("/proc/self/task") > threads) {
        if (watch_round - from > 20 * STILL_ROUNDS)
            give_up("%u threads do not leave", count_entries("/proc/self/task") - threads);
        round_once(canary);
    }
    fclose(canary);
    if (count_entries("/proc/self/fd") != descriptors)
        give_up("%u descriptors were open at the start, %u are now", descriptors, count_entries("/proc/self/fd"));
}

/* Returns how much more KiB there are than after a fifth of the requests. */
long watch_memory(void)
{
    const unsigned long now = private_memory();
    const long more = memory_after_a_fifth > 0 ? (long)now - (long)memory_after_a_fifth : 0;
    if (IS_MEMORY_WATCHED && more > MOST_MORE_KIB)
        give_up("%lu KiB of memory are held at the end, %lu were after a fifth", now, memory_after_a_fifth);
    return more;
}
