/* SPDX-License-Identifier: MIT */
/* What memcheck looks at: requests of a file, with O_DIRECT and without, of a pipe, a list, signals and functions; what was
 * read decides what is done. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 64 * 1024, BLOCK = 4096 };

static sem_t told;

static void on_signal(int number)
{
    (void)number;
    sem_post(&told);
}

static void on_thread(union sigval value)
{
    (void)value;
    sem_post(&told);
}

static void must(int condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
}
#define MUST(condition) must(condition, #condition)

static long end_of(struct aiocb *block)
{
    const struct aiocb *list[] = {block};
    while (aio_error(block) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    return aio_error(block) == 0 ? aio_return(block) : -aio_error(block);
}

static struct aiocb request(int fd, char *buffer, size_t size)
{
    struct aiocb block;
    memset(&block, 0, sizeof block);
    block.aio_fildes = fd;
    block.aio_buf = buffer;
    block.aio_nbytes = size;
    block.aio_sigevent.sigev_notify = SIGEV_NONE;
    return block;
}

static void use_file(int fd, int direct)
{
    char *written = aligned_alloc(BLOCK, SIZE), *read = aligned_alloc(BLOCK, SIZE);
    memset(written, 'x', SIZE);
    struct aiocb block = request(fd, written, SIZE);
    MUST(aio_write(&block) == 0 && end_of(&block) == SIZE);
    MUST(aio_fsync(O_SYNC, &block) == 0 && end_of(&block) == 0);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);

    block = request(fd, read, SIZE);
    block.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    block.aio_sigevent.sigev_signo = SIGUSR1;
    MUST(aio_read(&block) == 0 && end_of(&block) == SIZE && memcmp(read, written, SIZE) == 0);
    block.aio_sigevent.sigev_notify = SIGEV_THREAD;
    block.aio_sigevent.sigev_notify_function = on_thread;
    MUST(aio_read(&block) == 0 && end_of(&block) == SIZE);

    if (direct != -1) {
        char *aligned = aligned_alloc(BLOCK, BLOCK);
        struct aiocb first = request(direct, aligned, BLOCK), second = request(direct, read, BLOCK);
        struct aiocb *list[] = {&first, &second};
        first.aio_lio_opcode = second.aio_lio_opcode = LIO_READ;
        second.aio_offset = BLOCK;
        MUST(lio_listio(LIO_WAIT, list, 2, NULL) == 0 && end_of(&first) == BLOCK && memcmp(aligned, written, BLOCK) == 0);
        MUST(aio_read(&first) == 0 && end_of(&first) == BLOCK);
        free(aligned);
    }
    free(read);
    free(written);
}

static void use_pipe(void)
{
    int ends[2];
    char bytes[8];
    MUST(pipe(ends) == 0);
    struct aiocb block = request(ends[0], bytes, sizeof bytes);
    const struct aiocb *list[] = {&block};
    for (int i = 0; i < 3; i++) {
        MUST(aio_read(&block) == 0);
        MUST(aio_suspend(list, 1, &(struct timespec){.tv_nsec = 1000000}) == -1 && errno == EAGAIN);
        MUST(write(ends[1], "abc", 3) == 3 && end_of(&block) == 3 && memcmp(bytes, "abc", 3) == 0);
    }
    MUST(aio_read(&block) == 0);
    if (aio_cancel(ends[0], &block) != AIO_CANCELED)
        MUST(write(ends[1], "abc", 3) == 3);
    end_of(&block);
}

int main(void)
{
    char path[] = "memcheck-XXXXXX";
    const int fd = mkstemp(path), direct = open(path, O_RDWR | O_DIRECT);
    MUST(fd != -1);
    unlink(path);
    sem_init(&told, 0, 0);
    signal(SIGUSR1, on_signal);
    use_file(fd, direct);
    use_pipe();
    for (int i = 0; i < 2; i++)
        while (sem_wait(&told) != 0) {
        }
    return 0;
}
