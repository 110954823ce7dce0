/* SPDX-License-Identifier: MIT */
/* story.h: what a small program sees of AIO, step by step: each gives one number. Told in a child process, where any system
 * call may be refused: so the steps make none that AIO could need but by AIO, and another process feeds the streams. */
#ifndef FALLBACK_STORY_H
#define FALLBACK_STORY_H

#include <aio.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 4096, FILE_SIZE = 16 * BLOCK, WRITE_AT = 2 * BLOCK, WRITTEN = 1000, FED = 4, MOST_STEPS = 40 };
enum { WRONG_DATA = -1000, UNTRIED = -1001 };
/* What the other process does when it is asked. Each stream has a reader and a writer. */
enum stream { PIPE_THERE, PIPE_EMPTY, PIPE_SUSPENDED, PIPE_SIGNALS, PIPE_CANCELLED, PIPE_TIMES_OUT, PIPE_CLOSED, PIPE_REPLACED, SOCKET_THERE, SOCKET_EMPTY, STREAMS };

struct story {
    int told; /* values that are there */
    int end;  /* how the process ended; see each_call_refused.c */
    long values[MOST_STEPS];
};

struct stage {
    int file, cold, direct, append, memory; /* descriptors; direct -1: no O_DIRECT here */
    int streams[STREAMS][2];
    /* Asks are counted by the child, answers by the other process, in memory that they share. */
    _Atomic int asked, answered, what;
    _Atomic int awaited; /* 1 + a descriptor: set back by the other process once a thread of this one reads from it */
    struct story story;
    const struct story *reference; /* glibc's; null while that is told */
};

static struct stage *stage;
static _Atomic int notices;

static void pause_a_moment(void) { nanosleep(&(struct timespec){.tv_nsec = 20 * 1000}, NULL); }

static void feed(enum stream stream)
{
    stage->what = (int)stream;
    const int ask = ++stage->asked;
    while (stage->answered < ask)
        pause_a_moment();
}

static char content_at(size_t place) { return (char)('a' + place % 23); }

static struct aiocb request(int fd, void *buffer, size_t size, off_t offset)
{
    struct aiocb block;
    memset(&block, 0, sizeof block);
    block.aio_fildes = fd;
    block.aio_buf = buffer;
    block.aio_nbytes = size;
    block.aio_offset = offset;
    block.aio_sigevent.sigev_notify = SIGEV_NONE;
    return block;
}

/* The request's result, or its error below 0; `made` is what the call said that makes it. */
static long end_of(struct aiocb *block, int made)
{
    if (made != 0)
        return -errno;
    while (aio_error(block) == EINPROGRESS)
        pause_a_moment();
    const int error = aio_error(block);
    const long result = aio_return(block);
    return error != 0 ? -error : result;
}

static bool is_content(const char *bytes, long count, size_t offset)
{
    for (long i = 0; i < count; i++)
        if (bytes[i] != content_at(offset + (size_t)i))
            return false;
    return true;
}

static char aligned[BLOCK] __attribute__((aligned(BLOCK)));

static long read_from(int fd, off_t offset, size_t size)
{
    memset(aligned, 0, sizeof aligned);
    struct aiocb block = request(fd, aligned, size, offset);
    const long result = end_of(&block, aio_read(&block));
    return result > 0 && !is_content(aligned, result, (size_t)offset) ? WRONG_DATA : result;
}

/* Bytes that the other process can look for afterwards. */
static long write_to(int fd, off_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        aligned[i] = content_at((size_t)offset + i);
    struct aiocb block = request(fd, aligned, size, offset);
    return end_of(&block, aio_write(&block));
}

static long sync_of(int fd, int operation)
{
    struct aiocb block = request(fd, NULL, 0, 0);
    return end_of(&block, aio_fsync(operation, &block));
}

static long read_file(void) { return read_from(stage->file, 100, 1000); }
static long read_cold_file(void) { return read_from(stage->cold, BLOCK, BLOCK); }
static long read_at_end(void) { return read_from(stage->file, FILE_SIZE - 10, 1000); }
static long write_file(void) { return write_to(stage->file, WRITE_AT, WRITTEN); }
static long append_to_file(void) { return write_to(stage->append, 0, WRITTEN); }
static long sync_file(void) { return sync_of(stage->memory, O_SYNC); }
static long sync_data(void) { return sync_of(stage->memory, O_DSYNC); }
static long read_direct(void) { return stage->direct == -1 ? UNTRIED : read_from(stage->direct, BLOCK, BLOCK); }
static long write_direct(void) { return stage->direct == -1 ? UNTRIED : write_to(stage->direct, BLOCK, BLOCK); }
static long use_no_descriptor(void) { return read_from(900, 0, 10); }
static long write_what_is_for_reading(void) { return write_to(stage->cold, 0, 10); }
static long use_too_long_a_length(void) { return read_from(stage->file, 0, SIZE_MAX); }

static long read_stream(enum stream stream, bool is_fed)
{
    char bytes[8] = "";
    struct aiocb block = request(stage->streams[stream][0], bytes, sizeof bytes, 0);
    const int made = aio_read(&block);
    if (is_fed)
        feed(stream);
    const long result = end_of(&block, made);
    return result > 0 && memcmp(bytes, "food", FED) != 0 ? WRONG_DATA : result;
}

static long read_full_pipe(void) { return read_stream(PIPE_THERE, false); }
static long read_empty_pipe(void) { return read_stream(PIPE_EMPTY, true); }
static long read_full_socket(void) { return read_stream(SOCKET_THERE, false); }
static long read_empty_socket(void) { return read_stream(SOCKET_EMPTY, true); }
static long write_pipe(void) { return write_to(stage->streams[PIPE_THERE][1], 0, 100); }
static long write_socket(void) { return write_to(stage->streams[SOCKET_THERE][1], 0, 100); }

/* glibc's thread has the file once it is in the kernel, and who closes the descriptor before that takes the file away. */
static void let_begin(const struct aiocb *block)
{
    if (stage->reference != NULL)
        return;
    stage->awaited = block->aio_fildes + 1;
    while (stage->awaited != 0 && aio_error(block) == EINPROGRESS)
        pause_a_moment();
    stage->awaited = 0;
}

/* Its descriptor is closed, or means another file, while the request waits: it is that of the file all the same. */
static long take_away(enum stream stream, int (*take)(int fd))
{
    char bytes[8] = "";
    const int fd = stage->streams[stream][0];
    struct aiocb block = request(fd, bytes, sizeof bytes, 0);
    const int made = aio_read(&block);
    if (made == 0)
        let_begin(&block);
    take(fd);
    feed(stream);
    const long result = end_of(&block, made);
    return result > 0 && memcmp(bytes, "food", FED) != 0 ? WRONG_DATA : result;
}

static int replace(int fd) { return dup2(stage->file, fd); }
static long close_while_it_waits(void) { return take_away(PIPE_CLOSED, close); }
static long replace_while_it_waits(void) { return take_away(PIPE_REPLACED, replace); }

static long suspended(const struct aiocb *block, const struct timespec *timeout)
{
    const struct aiocb *list[] = {block};
    return aio_suspend(list, 1, timeout) == 0 ? 0 : -errno;
}

static long suspend_for_direct(void)
{
    if (stage->direct == -1)
        return UNTRIED;
    struct aiocb block = request(stage->direct, aligned, BLOCK, 0);
    const int made = aio_read(&block);
    const long said = made == 0 ? suspended(&block, NULL) : 0;
    const long result = end_of(&block, made);
    return said != 0 ? said : result;
}

static long suspend_until_fed(void)
{
    char bytes[8];
    struct aiocb block = request(stage->streams[PIPE_SUSPENDED][0], bytes, sizeof bytes, 0);
    const int made = aio_read(&block);
    if (made != 0)
        return -errno;
    feed(PIPE_SUSPENDED);
    const long said = suspended(&block, NULL);
    const long result = end_of(&block, made);
    return said != 0 ? said : result;
}

static long suspend_too_short(void)
{
    char bytes[8];
    struct aiocb block = request(stage->streams[PIPE_TIMES_OUT][0], bytes, sizeof bytes, 0);
    const int made = aio_read(&block);
    if (made != 0)
        return -errno;
    const long said = suspended(&block, &(struct timespec){.tv_nsec = 500 * 1000});
    feed(PIPE_TIMES_OUT);
    const long result = end_of(&block, made);
    return said * 1000 + result;
}

static long cancel_blocked(void)
{
    char bytes[8];
    struct aiocb block = request(stage->streams[PIPE_CANCELLED][0], bytes, sizeof bytes, 0);
    const int made = aio_read(&block);
    if (made != 0)
        return -errno;
    const int said = aio_cancel(block.aio_fildes, &block);
    const long how = said == -1 ? 100 + errno : said;
    feed(PIPE_CANCELLED);
    return end_of(&block, made) * 1000 - how;
}

static long cancel_finished(void)
{
    struct aiocb block = request(stage->file, aligned, 100, 0);
    const long result = end_of(&block, aio_read(&block));
    return result == 100 ? aio_cancel(stage->file, &block) : result;
}

static long list_and_wait(void)
{
    static char bytes[2][BLOCK];
    struct aiocb first = request(stage->file, bytes[0], BLOCK, 0), second = request(stage->cold, bytes[1], BLOCK, 2 * BLOCK);
    first.aio_lio_opcode = second.aio_lio_opcode = LIO_READ;
    struct aiocb *list[] = {&first, &second};
    const int made = lio_listio(LIO_WAIT, list, 2, NULL) == 0 ? 0 : -errno;
    const long results[] = {end_of(&first, 0), end_of(&second, 0)};
    return made != 0 && results[0] >= 0 && results[1] >= 0 ? made : results[0] < 0 ? results[0] : results[1];
}

/* Whether the notification of the request before comes, also of one that failed. If it does in the reference, it is awaited
 * till it is there; where means were short for the request there is none to wait for. */
static long count_notices(void)
{
    const struct story *story = &stage->story;
    const long result = story->values[story->told - 1];
    const int patience = result < 0 ? 20 : 300;
    const struct story *reference = stage->reference;
    const bool is_sure = reference != NULL && reference->values[story->told] > 0 && result != -EAGAIN;
    for (int turns = 0; notices == 0 && (is_sure || turns < patience); turns++)
        pause_a_moment();
    return notices;
}

static void on_signal(int number) { (void)number, notices++; }
static void on_thread(union sigval value) { (void)value, notices++; }

static void want_signal(struct sigevent *event)
{
    event->sigev_notify = SIGEV_SIGNAL;
    event->sigev_signo = SIGUSR1;
}

/* Each gives the result alone: count_notices is the next step. */
static long signal_of_file(void)
{
    notices = 0;
    struct aiocb block = request(stage->file, aligned, 100, 0);
    want_signal(&block.aio_sigevent);
    return end_of(&block, aio_read(&block));
}

static long signal_of_pipe(void)
{
    char bytes[8];
    notices = 0;
    struct aiocb block = request(stage->streams[PIPE_SIGNALS][0], bytes, sizeof bytes, 0);
    want_signal(&block.aio_sigevent);
    const int made = aio_read(&block);
    feed(PIPE_SIGNALS);
    return end_of(&block, made);
}

static long signal_of_list(void)
{
    static struct aiocb block;
    notices = 0;
    block = request(stage->file, aligned, 100, 0);
    block.aio_lio_opcode = LIO_READ;
    struct aiocb *list[] = {&block};
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    want_signal(&event);
    return end_of(&block, lio_listio(LIO_NOWAIT, list, 1, &event));
}

static long function_of_file(void)
{
    notices = 0;
    struct aiocb block = request(stage->file, aligned, 100, 0);
    block.aio_sigevent.sigev_notify = SIGEV_THREAD;
    block.aio_sigevent.sigev_notify_function = on_thread;
    return end_of(&block, aio_read(&block));
}

static const struct {
    const char *name;
    long (*tell)(void);
} steps[] = {
    {"read a file", read_file},
    {"read a file that is not in memory", read_cold_file},
    {"read at the end of a file", read_at_end},
    {"write a file", write_file},
    {"append", append_to_file},
    {"fsync", sync_file},
    {"fdatasync", sync_data},
    {"read with O_DIRECT", read_direct},
    {"write with O_DIRECT", write_direct},
    {"aio_suspend for O_DIRECT", suspend_for_direct},
    {"a bad descriptor", use_no_descriptor},
    {"a descriptor for reading", write_what_is_for_reading},
    {"a length above SSIZE_MAX", use_too_long_a_length},
    {"read a pipe", read_full_pipe},
    {"read an empty pipe", read_empty_pipe},
    {"write a pipe", write_pipe},
    {"read a socket", read_full_socket},
    {"read an empty socket", read_empty_socket},
    {"write a socket", write_socket},
    {"aio_suspend until it is fed", suspend_until_fed},
    {"aio_suspend with a timeout", suspend_too_short},
    {"aio_cancel of a blocked read", cancel_blocked},
    {"aio_cancel of a finished read", cancel_finished},
    {"lio_listio, LIO_WAIT", list_and_wait},
    {"a read of a file that signals", signal_of_file},
    {"its signal", count_notices},
    {"a read of a pipe that signals", signal_of_pipe},
    {"its signal", count_notices},
    {"a list that signals", signal_of_list},
    {"its signal", count_notices},
    {"a read that calls a function", function_of_file},
    {"its function", count_notices},
    {"a read whose descriptor is closed", close_while_it_waits},
    {"a read whose descriptor is replaced", replace_while_it_waits},
};
enum { STEPS = sizeof steps / sizeof *steps };
_Static_assert(sizeof steps / sizeof *steps <= sizeof((struct story *)0)->values / sizeof(long), "MOST_STEPS");

/* As far as the reference came. */
static void tell_story(void)
{
    struct story *story = &stage->story;
    const int last = stage->reference != NULL ? stage->reference->told : STEPS;
    for (int i = 0; i < last; i++) {
        const long value = steps[i].tell();
        story->values[i] = value;
        story->told = i + 1;
    }
}

#endif
