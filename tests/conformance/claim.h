// SPDX-License-Identifier: MIT
/* Helpers of the conformance claims: each program here is one claim about POSIX AIO, named for it.
 *
 * A claim includes nothing of AIO but <aio.h>, so that it can be held against glibc, against the linked library and
 * against the preload. main() begins with claim_start(): from there on it runs in a child, and the parent turns a hang, a
 * crash or a stray signal into one clear line and exit status 1, whatever the claim has done to its own signals.
 * Exit status: 0 holds, 1 does not hold, 77 cannot be tried here, 99 the claim could not set itself up.
 *
 * Nothing waits by sleeping. What must happen is awaited with a patience that only a fault uses up; what must not happen
 * is given a moment in which a wrong library shows itself, and a right one cannot fail it.
 *
 * Environment: CLAIM_PATIENCE=SECONDS (default 10; the whole claim may take twice that; all is longer where the machine
 * is slow just now: ../slowness.h), CLAIM_IS_TO_FAIL=1 (a second of patience, however slow the machine is),
 * CLAIM_UNSUPERVISED=1 runs the claim in the first process, for debuggers.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "verdict.h"

/* ---- streams ---- */

struct stream {
    int reader, writer;
};

static inline struct stream make_pipe(void)
{
    int ends[2];
    MUST(pipe(ends));
    return (struct stream){ends[0], ends[1]};
}

static inline void make_sockets(int ends[2])
{
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

static inline void set_nonblocking(int fd, bool on)
{
    int flags = MUST(fcntl(fd, F_GETFL));
    MUST(fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK));
}

/* Writes until the stream takes no byte more; returns how many it took. */
static inline size_t fill_stream(int writer)
{
    static const char bytes[4096];
    size_t total = 0;
    set_nonblocking(writer, true);
    for (size_t size = sizeof bytes; size > 0;) {
        ssize_t written = write(writer, bytes, size);
        if (written > 0)
            total += (size_t)written;
        else if (errno == EAGAIN)
            size /= 2;
        else
            SET_UP_FAILED("fill_stream");
    }
    set_nonblocking(writer, false);
    return total;
}

/* Reads exactly `size` bytes, waiting for them. */
static inline void read_fully(int reader, void *buffer, size_t size)
{
    for (size_t got = 0; got < size;) {
        ssize_t part = read(reader, (char *)buffer + got, size - got);
        if (part == 0)
            FAIL("the stream ends after %zu bytes of %zu", got, size);
        got += (size_t)MUST(part);
    }
}

static inline void drain(int reader, size_t size)
{
    char bytes[4096];
    for (size_t part; size > 0; size -= part) {
        part = size < sizeof bytes ? size : sizeof bytes;
        read_fully(reader, bytes, part);
    }
}

static inline void feed(int writer, const char *text)
{
    if (write(writer, text, strlen(text)) != (ssize_t)strlen(text))
        SET_UP_FAILED("write");
}

static inline int bytes_waiting(int reader)
{
    int count;
    MUST(ioctl(reader, FIONREAD, &count));
    return count;
}

/* ---- requests ---- */

/* A request without a notification. */
static inline struct aiocb request(int fd, void *buffer, size_t size, off_t offset)
{
    struct aiocb aiocb;
    memset(&aiocb, 0, sizeof aiocb);
    aiocb.aio_fildes = fd;
    aiocb.aio_buf = buffer;
    aiocb.aio_nbytes = size;
    aiocb.aio_offset = offset;
    aiocb.aio_sigevent.sigev_notify = SIGEV_NONE;
    return aiocb;
}

/* Waits for the request's end; returns its error status. */
static inline int claim_await(struct aiocb *aiocb, const char *name, const char *file, int line)
{
    const struct aiocb *list[] = {aiocb};
    double begin = claim_clock();
    while (aio_error(aiocb) == EINPROGRESS) {
        if (claim_is_over(begin, 1))
            claim_end(CLAIM_FAILS, file, line, "%s does not complete", name);
        if (aio_suspend(list, 1, &(struct timespec){.tv_sec = claim_patience()}) == -1 && errno != EAGAIN && errno != EINTR)
            claim_end(CLAIM_FAILS, file, line, "aio_suspend for %s: %s", name, strerror(errno));
    }
    return aio_error(aiocb);
}

static inline void claim_expect(struct aiocb *aiocb, int error, ssize_t result, const char *name, const char *file, int line)
{
    int actual = claim_await(aiocb, name, file, line);
    if (actual != error)
        claim_end(CLAIM_FAILS, file, line, "aio_error(%s) is %d (%s), not %d (%s)", name, actual, strerror(actual), error,
                  strerror(error));
    ssize_t returned = aio_return(aiocb);
    if (returned != result)
        claim_end(CLAIM_FAILS, file, line, "aio_return(%s) is %zd, not %zd", name, returned, result);
}

#define AWAIT(aiocb) claim_await(aiocb, #aiocb, __FILE__, __LINE__)
#define EXPECT_RESULT(aiocb, result) claim_expect(aiocb, 0, (ssize_t)(result), #aiocb, __FILE__, __LINE__)
#define EXPECT_ERROR(aiocb, error) claim_expect(aiocb, error, -1, #aiocb, __FILE__, __LINE__)
#define EXPECT_IN_PROGRESS(aiocb) CHECK_INT(aio_error(aiocb), EINPROGRESS)
#define STAYS_IN_PROGRESS(aiocb) NEVER(aio_error(aiocb) != EINPROGRESS)

#define SUBMIT_READ(aiocb) CHECK_INT(aio_read(aiocb), 0)
#define SUBMIT_WRITE(aiocb) CHECK_INT(aio_write(aiocb), 0)

/* ---- threads, processes, signals ---- */

static inline void start_thread(pthread_t *thread, void *(*function)(void *), void *argument)
{
    errno = pthread_create(thread, NULL, function, argument);
    if (errno != 0)
        SET_UP_FAILED("pthread_create");
}

/* Joins within the claim's patience. */
#define JOIN(thread, result)                                                                                           \
    do {                                                                                                               \
        double begin_ = claim_clock();                                                                                 \
        struct timespec until_;                                                                                        \
        while (clock_gettime(CLOCK_REALTIME, &until_), until_.tv_sec += claim_patience(),                              \
               pthread_timedjoin_np(thread, result, &until_) != 0)                                                     \
            if (claim_is_over(begin_, 1))                                                                              \
                FAIL("%s does not end", #thread);                                                                      \
    } while (0)

static inline void wait_for_child(pid_t child)
{
    int status;
    MUST(child);
    MUST(waitpid(child, &status, 0));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        claim_end(WIFEXITED(status) ? WEXITSTATUS(status) : CLAIM_FAILS, __FILE__, __LINE__, "the child fails");
}

static inline void handle(int signal_number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | flags;
    MUST(sigaction(signal_number, &action, NULL));
}

static inline void block_signal(int signal_number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Takes a blocked signal within the claim's patience; returns false when none comes. */
static inline bool take_signal(int signal_number, siginfo_t *info)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal_number);
    double begin = claim_clock();
    do {
        if (sigtimedwait(&set, info, &(struct timespec){.tv_sec = claim_patience()}) == signal_number)
            return true;
    } while (!claim_is_over(begin, 1));
    return false;
}

static inline bool signal_is_pending(int signal_number)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, signal_number) == 1;
}

static inline void notify_by_signal(struct aiocb *aiocb, int signal_number, int value)
{
    aiocb->aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    aiocb->aio_sigevent.sigev_signo = signal_number;
    aiocb->aio_sigevent.sigev_value.sival_int = value;
}

static inline void notify_by_thread(struct aiocb *aiocb, void (*function)(union sigval), void *value)
{
    aiocb->aio_sigevent.sigev_notify = SIGEV_THREAD;
    aiocb->aio_sigevent.sigev_notify_function = function;
    aiocb->aio_sigevent.sigev_value.sival_ptr = value;
}

/* Waits for a post within the claim's patience. */
#define AWAIT_POST(semaphore)                                                                                          \
    do {                                                                                                               \
        double begin_ = claim_clock();                                                                                 \
        struct timespec until_;                                                                                        \
        while (clock_gettime(CLOCK_REALTIME, &until_), until_.tv_sec += claim_patience(),                              \
               sem_timedwait(semaphore, &until_) == -1)                                                                \
            if (claim_is_over(begin_, 1))                                                                              \
                FAIL("no post comes to %s", #semaphore);                                                               \
    } while (0)

#endif
