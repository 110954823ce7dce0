/* SPDX-License-Identifier: MIT */
/* A handler that interrupts the library's functions anywhere forks: the parent goes on as if nothing had been. The child
 * returns from the handler into the middle of the same function, which returns there too, whatever it says; then
 * everything works in it. */
#include "hostile.h"

enum { FORKS = 60, LENGTH = 4 };

static int fd, direct;
static char *blocks;
static pthread_t main_thread;
static volatile sig_atomic_t is_child, has_child, forks;
static atomic_bool may_fork;

static void fork_here(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    int saved_errno = errno;
    if (atomic_exchange(&may_fork, false) && !is_child) {
        pid_t child = fork();
        if (child == 0) {
            is_child = 1;
            alarm(60 * (unsigned)claim_patience()); /* a hang ends it, where the supervisor does not */
        } else {
            has_child = 1, forks++;
        }
    }
    errno = saved_errno;
}

/* At moments of no rule, one child at a time. */
static void *send_signals(void *unused)
{
    unsigned chance = 1;
    for (;;) {
        chance = chance * 1103515245 + 12345;
        for (volatile unsigned pause = chance >> 14; pause > 0; pause--)
            ;
        if (atomic_load(&may_fork))
            pthread_kill(main_thread, SIGUSR1);
        sched_yield();
    }
    return unused;
}

/* After each call. */
static void look(void)
{
    if (is_child) {
        use_everything(fd);
        _exit(0);
    }
    int status;
    pid_t child = waitpid(-1, &status, WNOHANG);
    if (child > 0) {
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            FAIL("child %d: status %#x", (int)forks, (unsigned)status);
        has_child = 0;
        atomic_store(&may_fork, true);
    }
}

/* In the parent alone. */
#define RESULT(call, expected)                  \
    do {                                        \
        int result_ = call;                     \
        look();                                 \
        CHECK_INT(result_, expected);           \
    } while (0)

static void await(struct aiocb *block, ssize_t expected)
{
    const struct aiocb *list[] = {block};
    while (aio_error(block) == EINPROGRESS) {
        aio_suspend(list, 1, NULL);
        look();
    }
    look();
    int error = aio_error(block);
    look();
    CHECK_INT(error, 0);
    RESULT((int)aio_return(block), (int)expected);
}

static void work(struct stream pipe, bool waits)
{
    char bytes[LENGTH * 64], from_pipe[2];
    struct aiocb blocked = request(pipe.reader, &from_pipe[0], 1, 0), behind = request(pipe.reader, &from_pipe[1], 1, 0);
    struct aiocb written = request(fd, bytes, 64, 0), synced = request(fd, NULL, 0, 0), at_disk = request(direct, blocks, BLOCK, 0);
    struct aiocb listed[LENGTH], *list[LENGTH];
    RESULT(aio_read(&blocked), 0);
    RESULT(aio_read(&behind), 0);
    RESULT(aio_write(&written), 0);
    RESULT(aio_fsync(O_DSYNC, &synced), 0);
    if (direct != -1) {
        RESULT(aio_read(&at_disk), 0);
        await(&at_disk, BLOCK);
    }
    for (int i = 0; i < LENGTH; i++) {
        listed[i] = request(fd, bytes + 64 * i, 64, 64 * i);
        listed[i].aio_lio_opcode = i % 2 ? LIO_READ : LIO_WRITE;
        list[i] = &listed[i];
    }
    RESULT(lio_listio(waits ? LIO_WAIT : LIO_NOWAIT, list, LENGTH, NULL), 0);
    for (int i = 0; i < LENGTH; i++)
        await(list[i], 64);
    await(&written, 64);
    await(&synced, 0);
    RESULT(aio_cancel(pipe.reader, &behind), AIO_CANCELED);
    do /* no child that reads from the pipe, too, nor one that comes within feed and feeds as well */
        look();
    while (has_child || !atomic_exchange(&may_fork, false));
    feed(pipe.writer, "x");
    atomic_store(&may_fork, true);
    await(&blocked, 1);
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, BLOCK);
    direct = open_direct(fd);
    blocks = MUST((char *)mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    main_thread = pthread_self();
    handle(SIGUSR1, fork_here, SA_RESTART);
    atomic_store(&may_fork, true);
    struct stream pipe = make_pipe();
    pthread_t sender;
    start_thread(&sender, send_signals, NULL);
    for (int round = 0; forks < FORKS; round++)
        work(pipe, round % 2);
    return 0;
}
