// SPDX-License-Identifier: MIT
/* How a claim ends: verdicts, patience, the supervising first process, and temporary files. Included by claim.h. */
#ifndef CLAIM_VERDICT_H
#define CLAIM_VERDICT_H

#include <aio.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../sleepers.h"
#include "../slowness.h"

enum { CLAIM_HOLDS = 0, CLAIM_FAILS = 1, CLAIM_SKIPPED = 77, CLAIM_NOT_SET_UP = 99 };

/* ---- verdicts ---- */

__attribute__((noreturn, format(printf, 4, 5))) static inline void claim_end(int status, const char *file, int line,
                                                                             const char *format, ...)
{
    char text[512];
    int length = snprintf(text, sizeof text, "%s:%d: ", file, line);
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    va_end(arguments);
    dprintf(STDERR_FILENO, "%.*s\n", length, text);
    _exit(status);
}

#define FAIL(...) claim_end(CLAIM_FAILS, __FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) claim_end(CLAIM_SKIPPED, __FILE__, __LINE__, __VA_ARGS__)
#define SET_UP_FAILED(what) claim_end(CLAIM_NOT_SET_UP, __FILE__, __LINE__, "%s: %s", what, strerror(errno))

/* The claim itself. */
#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            FAIL("not so: %s", #condition);                                                                            \
    } while (0)

#define CHECK_INT(actual, expected)                                                                                    \
    do {                                                                                                               \
        long long actual_ = (actual), expected_ = (expected);                                                          \
        if (actual_ != expected_)                                                                                      \
            FAIL("%s is %lld, not %lld (%s)", #actual, actual_, expected_, #expected);                                 \
    } while (0)

/* The call fails at once, with this errno. */
#define CHECK_FAILS(call, expected_errno)                                                                              \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        long long result_ = (call);                                                                                    \
        int errno_ = errno;                                                                                            \
        if (result_ != -1)                                                                                             \
            FAIL("%s returned %lld, not -1 with %s", #call, result_, strerrorname_np(expected_errno));                 \
        if (errno_ != (expected_errno))                                                                                \
            FAIL("%s failed with %s, not %s", #call, strerror(errno_), strerrorname_np(expected_errno));               \
    } while (0)

/* What only prepares the claim. */
#define MUST(call)                                                                                                     \
    ({                                                                                                                 \
        __typeof__(call) must_ = (call);                                                                               \
        if (must_ == (__typeof__(call))-1)                                                                             \
            SET_UP_FAILED(#call);                                                                                      \
        must_;                                                                                                         \
    })

/* ---- patience ---- */

static inline double claim_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline bool claim_is_to_fail(void) { return getenv("CLAIM_IS_TO_FAIL") != NULL; }

static inline int claim_patience(void)
{
    if (claim_is_to_fail())
        return 1;
    const char *text = getenv("CLAIM_PATIENCE");
    return text != NULL && atoi(text) > 0 ? atoi(text) : 10;
}

/* Whether all patience, times so many, is used up since then. It lasts longer on a machine that is slow just now, but not
 * where the claim is to fail. */
static inline bool claim_is_over(double begin, int times)
{
    double limit = times * claim_patience(), passed = claim_clock() - begin;
    return passed > limit && (claim_is_to_fail() || passed > limit * slowness());
}

static inline void claim_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000}, NULL);
}

#define WAIT_UNTIL(condition)                                                                                          \
    do {                                                                                                               \
        double begin_ = claim_clock();                                                                                 \
        while (!(condition)) {                                                                                         \
            if (claim_is_over(begin_, 1))                                                                              \
                FAIL("does not come to pass: %s", #condition);                                                         \
            claim_pause();                                                                                             \
        }                                                                                                              \
    } while (0)

/* A moment for what must not happen. */
#define NEVER(condition)                                                                                               \
    do {                                                                                                               \
        double end_ = claim_clock() + 0.15;                                                                            \
        do {                                                                                                           \
            if (condition)                                                                                             \
                FAIL("comes to pass: %s", #condition);                                                                 \
            claim_pause();                                                                                             \
        } while (claim_clock() < end_);                                                                                \
    } while (0)

/* ---- supervision and temporary files ---- */

static char claim_directory[256];

static inline int claim_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static inline void claim_clean_up(void)
{
    nftw(claim_directory, claim_remove, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The first process: waits for the claim's end and tells how it ended. */
__attribute__((noreturn)) static inline void claim_supervise(pid_t claim, const sigset_t *awaited)
{
    double begin = claim_clock();
    int status, verdict = CLAIM_FAILS;
    pid_t ended;
    while ((ended = waitpid(claim, &status, WNOHANG)) == 0) {
        if (claim_is_over(begin, 2)) {
            dprintf(STDERR_FILENO, "the claim hangs: no end after %.0f s\n", claim_clock() - begin);
            break;
        }
        int received = sigtimedwait(awaited, NULL, &(struct timespec){.tv_sec = 1});
        if (received != -1 && received != SIGCHLD)
            break;
    }
    if (ended == claim && WIFEXITED(status))
        verdict = WEXITSTATUS(status);
    else if (ended == claim)
        dprintf(STDERR_FILENO, "the claim was ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
    kill(-claim, SIGKILL);
    if (ended == 0)
        waitpid(claim, &status, 0);
    claim_clean_up();
    _exit(verdict);
}

/* The first thing that main() does. */
static inline void claim_start(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(claim_directory, sizeof claim_directory, "%s/claim-XXXXXX", base != NULL ? base : ".");
    if (mkdtemp(claim_directory) == NULL)
        SET_UP_FAILED(claim_directory);
    char *absolute = realpath(claim_directory, NULL);
    snprintf(claim_directory, sizeof claim_directory, "%s", absolute);
    free(absolute);
    if (getenv("CLAIM_UNSUPERVISED") != NULL) {
        atexit(claim_clean_up);
        return;
    }

    sigset_t awaited, before;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD), sigaddset(&awaited, SIGTERM), sigaddset(&awaited, SIGINT), sigaddset(&awaited, SIGHUP);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    pid_t supervisor = getpid(), claim = fork();
    if (claim == -1)
        SET_UP_FAILED("fork");
    if (claim != 0)
        claim_supervise(claim, &awaited);

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor)
        _exit(CLAIM_NOT_SET_UP);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(SIGPIPE, SIG_DFL), signal(SIGXFSZ, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
}

static inline const char *temporary_path(const char *name)
{
    static char path[sizeof claim_directory + 64];
    snprintf(path, sizeof path, "%s/%s", claim_directory, name);
    return path;
}

/* Each byte of a test file tells its own place. */
static inline unsigned char pattern_at(off_t offset)
{
    return (unsigned char)((unsigned long long)offset * 31 + ((unsigned long long)offset >> 8) * 7 + 1);
}

static inline void fill_pattern(void *buffer, size_t size, off_t offset)
{
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)buffer)[i] = pattern_at(offset + (off_t)i);
}

#define CHECK_PATTERN(buffer, size, offset)                                                                            \
    do {                                                                                                               \
        const unsigned char *bytes_ = (const unsigned char *)(buffer);                                                 \
        for (size_t i_ = 0; i_ < (size_t)(size); i_++)                                                                 \
            if (bytes_[i_] != pattern_at((off_t)(offset) + (off_t)i_))                                                 \
                FAIL("byte %zu of %s is not the file's", i_, #buffer);                                                 \
    } while (0)

/* A new file of the claim's own, holding `size` bytes of the pattern. */
static inline int temporary_file(const char *name, int flags, size_t size)
{
    int fd = MUST(open(temporary_path(name), O_RDWR | O_CREAT | O_TRUNC, 0600));
    unsigned char *bytes = MUST((unsigned char *)mmap(NULL, size + 1, PROT_READ | PROT_WRITE,
                                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    fill_pattern(bytes, size, 0);
    if (pwrite(fd, bytes, size, 0) != (ssize_t)size)
        SET_UP_FAILED("pwrite");
    munmap(bytes, size + 1);
    if (flags == O_RDWR)
        return fd;
    close(fd);
    fd = open(temporary_path(name), flags, 0600);
    if (fd == -1 && (flags & O_DIRECT) != 0 && errno == EINVAL)
        SKIP("no O_DIRECT on this file system");
    return MUST(fd);
}

#endif
