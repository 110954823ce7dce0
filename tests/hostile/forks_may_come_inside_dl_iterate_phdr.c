/* SPDX-License-Identifier: MIT */
/* A handler that has interrupted dl_iterate_phdr forks, and so does another thread meanwhile; a third one makes requests
 * all the time, and the children make some too. All of them go on. */
#include "hostile.h"

#include <link.h>

enum { FORKS = 12 };

static int fd;
static atomic_int forks, finished;
static pthread_t iterating;

static void fork_and_use_everything(void)
{
    pid_t child = fork();
    if (child == 0) {
        use_everything(fd);
        _exit(0);
    }
    wait_for_child(child);
    atomic_fetch_add(&forks, 1);
}

static void fork_in_handler(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    (void)number, (void)info, (void)context;
    fork_and_use_everything();
    errno = saved_errno;
}

static int take_a_moment(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)object, (void)size, (void)unused;
    for (volatile int i = 0; i < 1000; i++)
        ;
    return 0;
}

static void *iterate(void *unused)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    while (!atomic_load(&finished))
        dl_iterate_phdr(take_a_moment, NULL);
    return unused;
}

static void *submit(void *unused)
{
    while (!atomic_load(&finished)) {
        char byte;
        struct stream pipe = make_pipe();
        struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&blocked);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
        close(pipe.reader);
        close(pipe.writer);
    }
    return unused;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, BLOCK);
    block_signal(SIGUSR1);
    handle(SIGUSR1, fork_in_handler, SA_RESTART);
    pthread_t submitting;
    start_thread(&iterating, iterate, NULL);
    start_thread(&submitting, submit, NULL);
    while (atomic_load(&forks) < FORKS) {
        int before = atomic_load(&forks);
        pthread_kill(iterating, SIGUSR1);
        WAIT_UNTIL(atomic_load(&forks) > before);
        fork_and_use_everything();
    }
    atomic_store(&finished, 1);
    JOIN(iterating, NULL);
    JOIN(submitting, NULL);
    return 0;
}
