/* SPDX-License-Identifier: MIT */
/* A program that uses all 17 functions, in C and in C++ alike: sample FILE. It says who served it and what came of it;
 * whoever serves it, however it was linked, the lines behind the first are the same. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomrt.h"

/* Weak: the sample is also run on glibc and under the preload. */
#pragma weak atomrt_version
#pragma weak atomrt_enable_statistics
#pragma weak atomrt_write_statistics

static const char text[] = "linked with atomrt";
static sem_t called;

static void fail(const char *what)
{
    printf("FAILED: %s (%s)\n", what, strerror(errno));
    exit(1);
}

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail(#condition);                                                                                          \
    } while (0)

static struct aiocb request(int fd, void *buffer, int opcode)
{
    struct aiocb block;
    memset(&block, 0, sizeof block);
    block.aio_fildes = fd;
    block.aio_buf = buffer;
    block.aio_nbytes = sizeof text;
    block.aio_lio_opcode = opcode;
    block.aio_sigevent.sigev_notify = SIGEV_NONE;
    return block;
}

static struct aiocb64 request64(int fd, void *buffer, int opcode)
{
    struct aiocb64 block;
    memset(&block, 0, sizeof block);
    block.aio_fildes = fd;
    block.aio_buf = buffer;
    block.aio_nbytes = sizeof text;
    block.aio_lio_opcode = opcode;
    block.aio_offset = 5LL << 30;
    block.aio_sigevent.sigev_notify = SIGEV_NONE;
    return block;
}

static ssize_t result(struct aiocb *block)
{
    const struct aiocb *const list[] = {block};
    while (aio_error(block) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    return aio_error(block) == 0 ? aio_return(block) : -aio_error(block);
}

static ssize_t result64(struct aiocb64 *block)
{
    const struct aiocb64 *const list[] = {block};
    while (aio_error64(block) == EINPROGRESS)
        aio_suspend64(list, 1, NULL);
    return aio_error64(block) == 0 ? aio_return64(block) : -aio_error64(block);
}

static void use_files(int fd)
{
    char source[sizeof text], back[sizeof text] = "";
    memcpy(source, text, sizeof text);
    struct aiocb block = request(fd, source, LIO_WRITE);
    MUST(aio_write(&block) == 0 && result(&block) == (ssize_t)sizeof text);
    MUST(aio_fsync(O_DSYNC, &block) == 0 && result(&block) == 0);
    block.aio_buf = back;
    MUST(aio_read(&block) == 0 && result(&block) == (ssize_t)sizeof text && strcmp(back, text) == 0);

    char back64[sizeof text] = "";
    struct aiocb64 block64 = request64(fd, source, LIO_WRITE);
    MUST(aio_write64(&block64) == 0 && result64(&block64) == (ssize_t)sizeof text);
    MUST(aio_fsync64(O_SYNC, &block64) == 0 && result64(&block64) == 0);
    block64.aio_buf = back64;
    MUST(aio_read64(&block64) == 0 && result64(&block64) == (ssize_t)sizeof text && strcmp(back64, text) == 0);
    MUST(lseek64(fd, 0, SEEK_END) == (5LL << 30) + (off64_t)sizeof text);
    puts("files: right");
}

static void use_cancel(void)
{
    int ends[2];
    char byte[sizeof text];
    MUST(pipe(ends) == 0);
    /* The first may have been begun, which glibc does not take back: the second is queued behind it. */
    struct aiocb first = request(ends[0], byte, LIO_READ), second = request(ends[0], byte, LIO_READ);
    struct aiocb64 third = request64(ends[0], byte, LIO_READ);
    MUST(aio_read(&first) == 0 && aio_read(&second) == 0 && aio_read64(&third) == 0);
    MUST(aio_cancel64(ends[0], &third) == AIO_CANCELED && result64(&third) == -ECANCELED);
    MUST(aio_cancel(ends[0], &second) == AIO_CANCELED && result(&second) == -ECANCELED);
    MUST(write(ends[1], text, sizeof text) == (ssize_t)sizeof text && result(&first) == (ssize_t)sizeof text);
    puts("cancel: right");
}

static void use_lists(int fd)
{
    char back[sizeof text] = "", back64[sizeof text] = "";
    struct aiocb block = request(fd, back, LIO_READ);
    struct aiocb *const list[] = {&block};
    MUST(lio_listio(LIO_WAIT, list, 1, NULL) == 0 && aio_return(&block) == (ssize_t)sizeof text);

    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    MUST(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    struct aiocb64 block64 = request64(fd, back64, LIO_READ);
    struct aiocb64 *const list64[] = {&block64};
    struct sigevent event;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    event.sigev_value.sival_int = 64;
    MUST(lio_listio64(LIO_NOWAIT, list64, 1, &event) == 0);
    siginfo_t info;
    MUST(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_code == SI_ASYNCIO && info.si_value.sival_int == 64);
    MUST(result64(&block64) == (ssize_t)sizeof text && strcmp(back, text) == 0 && strcmp(back64, text) == 0);
    puts("lists and signal: right");
}

static void call(union sigval value)
{
    if (value.sival_ptr == &called)
        sem_post(&called);
}

static void use_thread_notification(int fd)
{
    char back[sizeof text] = "";
    struct aiocb block = request(fd, back, LIO_READ);
    block.aio_sigevent.sigev_notify = SIGEV_THREAD;
    block.aio_sigevent.sigev_notify_function = call;
    block.aio_sigevent.sigev_value.sival_ptr = &called;
    MUST(sem_init(&called, 0, 0) == 0 && aio_read(&block) == 0);
    while (sem_wait(&called) != 0)
        ;
    MUST(result(&block) == (ssize_t)sizeof text && strcmp(back, text) == 0);
    puts("notification by thread: right");
}

int main(int count, char **arguments)
{
    if (count < 2)
        return 99;
    printf("served by %s\n", atomrt_version ? "atomrt" : "glibc");
    if (atomrt_enable_statistics && atomrt_enable_statistics() != 0)
        fail("atomrt_enable_statistics");
    struct aioinit settings;
    memset(&settings, 0, sizeof settings);
    settings.aio_threads = 4;
    settings.aio_num = 16;
    aio_init(&settings);

    int fd = open64(arguments[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
    MUST(fd >= 0);
    use_files(fd);
    use_cancel();
    use_lists(fd);
    use_thread_notification(fd);
    fflush(stdout);
    if (atomrt_write_statistics && atomrt_write_statistics(STDOUT_FILENO) != 0)
        fail("atomrt_write_statistics");
    return 0;
}
