/* SPDX-License-Identifier: MIT */
/* No system call of the program sees EINTR because requests complete: poll, nanosleep, read, sigtimedwait, futex waits and
 * semtimedop of the submitting thread all take their time, though its requests complete meanwhile. */
#include "claim.h"

#include <sys/epoll.h>
#include <sys/sem.h>

enum { COUNT = 16 };

static struct stream pipes[COUNT], awaited;
static struct aiocb requests[COUNT];
static char bytes[COUNT];
static sem_t go;
static atomic_int finished;

static void *feed_all(void *unused)
{
    while (sem_wait(&go) == 0 && !atomic_load(&finished)) {
        for (int i = 0; i < COUNT; i++) {
            claim_pause();
            feed(pipes[i].writer, "x");
        }
        while (aio_error(&requests[COUNT - 1]) == EINPROGRESS)
            claim_pause();
        claim_pause();
        feed(awaited.writer, "x");
    }
    return unused;
}

static void wait_by_poll(void)
{
    CHECK_INT(poll(&(struct pollfd){.fd = awaited.reader, .events = POLLIN}, 1, 100000), 1);
}

static void wait_by_epoll(void)
{
    int epoll = MUST(epoll_create1(EPOLL_CLOEXEC));
    struct epoll_event event = {.events = EPOLLIN};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, awaited.reader, &event));
    CHECK_INT(epoll_wait(epoll, &event, 1, 100000), 1);
    close(epoll);
}

static void wait_by_sleep(void)
{
    CHECK_INT(nanosleep(&(struct timespec){0, 20000000}, NULL), 0);
}

static void wait_by_read(void)
{
}

static void wait_for_a_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK_FAILS(sigtimedwait(&set, NULL, &(struct timespec){0, 20000000}), EAGAIN);
}

static void wait_for_a_semaphore(void)
{
    int semaphores = semget(IPC_PRIVATE, 1, 0600);
    if (semaphores == -1)
        return;
    struct sembuf down = {.sem_op = -1};
    CHECK_FAILS(semtimedop(semaphores, &down, 1, &(struct timespec){0, 20000000}), EAGAIN);
    semctl(semaphores, 0, IPC_RMID);
}

int main(void)
{
    claim_start();
    block_signal(SIGUSR2);
    sem_init(&go, 0, 0);
    awaited = make_pipe();
    for (int i = 0; i < COUNT; i++)
        pipes[i] = make_pipe();
    pthread_t feeder;
    start_thread(&feeder, feed_all, NULL);
    void (*waits[])(void) = {wait_by_poll, wait_by_epoll, wait_by_sleep, wait_by_read, wait_for_a_signal, wait_for_a_semaphore};
    for (int round = 0; round < 12; round++) {
        char byte;
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(pipes[i].reader, &bytes[i], 1, 0);
            SUBMIT_READ(&requests[i]);
        }
        sem_post(&go);
        waits[round % 6]();
        CHECK_INT(read(awaited.reader, &byte, 1), 1);
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], 1);
    }
    atomic_store(&finished, 1);
    sem_post(&go);
    JOIN(feeder, NULL);
    return 0;
}
