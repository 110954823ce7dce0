/* SPDX-License-Identifier: MIT */
/* A handler that uses AIO itself, whatever it interrupts: reads of a file that never changes. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static __thread struct worker *interrupted;
static atomic_int thread_ids[MOST_WORKERS];
static struct aiocb blocks[MOST_WORKERS];
static unsigned char *buffers[MOST_WORKERS];

/* The program itself, buffered and with O_DIRECT. */
static int constant_fd[2];
static unsigned char constant[BLOCK];

static void on_interrupt(int number)
{
    const int before = errno;
    struct worker *worker = interrupted;
    (void)number;
    if (worker == NULL)
        return;
    struct aiocb *block = &blocks[worker->index];
    const struct aiocb *list[] = {block};
    const unsigned direct = worker->steps & 1;
    memset(block, 0, sizeof *block);
    block->aio_fildes = constant_fd[direct];
    block->aio_buf = buffers[worker->index];
    block->aio_nbytes = BLOCK;
    block->aio_sigevent.sigev_notify = SIGEV_NONE;
    if (aio_read(block) == 0) {
        while (aio_error(block) == EINPROGRESS)
            aio_suspend(list, 1, NULL);
        const int error = aio_error(block);
        const ssize_t result = aio_return(block);
        if (error != 0 || result != BLOCK || memcmp(buffers[worker->index], constant, BLOCK) != 0)
            give_up("worker %u: a handler's read gave %zd, errno %d", worker->index, result, error);
        atomic_fetch_add(&submitted, 1);
        atomic_fetch_add(&ended, 1);
    } else {
        MUST(errno == EAGAIN);
    }
    errno = before;
}

void interrupt_start(void)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    constant_fd[0] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    constant_fd[1] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC | O_DIRECT);
    MUST(constant_fd[0] != -1);
    if (constant_fd[1] == -1)
        constant_fd[1] = dup(constant_fd[0]);
    MUST(pread(constant_fd[0], constant, BLOCK, 0) == BLOCK);
    for (unsigned i = 0; i < MOST_WORKERS; ++i)
        buffers[i] = aligned_alloc(BLOCK, BLOCK);
    sigemptyset(&action.sa_mask);
    MUST(sigaction(SIGUSR1, &action, NULL) == 0);
}

void interrupt_allow(struct worker *worker)
{
    if (worker == NULL && interrupted != NULL)
        atomic_store(&thread_ids[interrupted->index], 0);
    interrupted = worker;
    if (worker != NULL)
        atomic_store(&thread_ids[worker->index], (int)gettid());
}

/* A number that belongs to no thread any more is refused; one of a thread of the library's stays blocked there. */
void interrupt_one(uint64_t *random)
{
    const int thread = thread_ids[random_below(random, plan.workers)];
    if (thread != 0)
        syscall(SYS_tgkill, getpid(), thread, SIGUSR1);
}
