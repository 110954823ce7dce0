// SPDX-License-Identifier: MIT
// Requests of many kinds and ends, for launcher_writes_traces.py, each once: one of a list; a buffered write and a sync
// behind it; one of a stream that waits, one held behind it that is cancelled; one that fails; one with a signal; one that
// is never answered. Then "ready", and with a second argument as many cached reads. Ends as told to, at the end of its
// input: exit, _exit, hang (until it is killed), fork (and exec of itself, too).
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffers[16][4096];
static int used;

static void require(int holds)
{
    if (!holds)
        abort();
}

static void wait_for(struct aiocb *block, int error, ssize_t result)
{
    const struct aiocb *list[] = {block};
    while (aio_error(block) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    require(aio_error(block) == error && aio_return(block) == result);
}

static struct aiocb *block_of(int fd, size_t length)
{
    static struct aiocb blocks[16];
    struct aiocb *const block = &blocks[used];
    block->aio_fildes = fd;
    block->aio_buf = buffers[used++];
    block->aio_nbytes = length;
    block->aio_sigevent.sigev_notify = SIGEV_NONE;
    return block;
}

static void on_signal(int number)
{
    (void)number;
}

static void make_requests(int file, int reader, int writer, int never)
{
    struct aiocb *const in_list = block_of(file, 100);
    struct aiocb *const list[] = {in_list};
    in_list->aio_lio_opcode = LIO_READ;
    require(lio_listio(LIO_WAIT, list, 1, NULL) == 0);
    wait_for(in_list, 0, 100);

    struct aiocb *const written = block_of(file, 200), *const sync = block_of(file, 0);
    require(aio_write(written) == 0 && aio_fsync(O_SYNC, sync) == 0);
    wait_for(written, 0, 200);
    wait_for(sync, 0, 0);

    struct aiocb *const first = block_of(reader, 300), *const cancelled = block_of(reader, 400);
    require(aio_read(first) == 0 && aio_read(cancelled) == 0);
    require(aio_cancel(reader, cancelled) == AIO_CANCELED);
    wait_for(cancelled, ECANCELED, -1);
    require(write(writer, "hello", 5) == 5);
    wait_for(first, 0, 5);

    struct aiocb *const bad = block_of(reader, 500);  /* the end that is for reading */
    require(aio_write(bad) == 0);
    wait_for(bad, EBADF, -1);

    struct aiocb *const with_signal = block_of(file, 600);
    with_signal->aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    with_signal->aio_sigevent.sigev_signo = SIGUSR1;
    require(pwrite(file, buffers[15], 4096, 0) == 4096 && aio_read(with_signal) == 0);
    wait_for(with_signal, 0, 600);

    require(aio_read(block_of(never, 700)) == 0);
}

static void read_many(int file, long count)
{
    struct aiocb *const block = block_of(file, 1);
    for (; count > 0; --count) {
        require(aio_read(block) == 0);
        wait_for(block, 0, 1);
    }
}

int main(int count, char **arguments)
{
    const char *const end = count > 1 ? arguments[1] : "exit";
    int pipe_ends[2], silent[2];
    char byte;
    FILE *const file = tmpfile();
    require(file != NULL && pipe(pipe_ends) == 0 && pipe(silent) == 0);
    require(pwrite(fileno(file), buffers[15], 4096, 0) == 4096);
    signal(SIGUSR1, on_signal);
    make_requests(fileno(file), pipe_ends[0], pipe_ends[1], silent[0]);
    if (count > 2)
        read_many(fileno(file), atol(arguments[2]));
    printf("ready\n");
    fflush(stdout);
    while (read(0, &byte, 1) == 1)
        ;
    if (strcmp(end, "fork") == 0) {
        const pid_t child = fork();
        if (child == 0) {
            read_many(fileno(file), 1);
            execl("/proc/self/exe", arguments[0], "_exit", (char *)NULL);
            abort();
        }
        waitpid(child, NULL, 0);
        printf("%d\n", (int)child);
        fflush(stdout);
    }
    if (strcmp(end, "_exit") == 0)
        _exit(0);
    if (strcmp(end, "hang") == 0)
        pause();
    return 0;
}
