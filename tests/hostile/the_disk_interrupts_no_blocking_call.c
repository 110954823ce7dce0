/* SPDX-License-Identifier: MIT */
/* No blocking call of the program sees EINTR because its requests of the disk complete meanwhile: epoll_wait, poll, select,
 * nanosleep, sigtimedwait, semtimedop, read, accept and recv wait their time. (Of streams:
 * select_accept_and_recv_see_no_eintr, and conformance.) */
#include "hostile.h"

#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/un.h>

enum { REQUESTS = 64, ROUNDS = 4, TIME_US = 20000 };

static struct stream quiet, delayed;
static int pair[2], listener;

static void wait_by_epoll(void)
{
    int epoll = MUST(epoll_create1(EPOLL_CLOEXEC));
    struct epoll_event event = {.events = EPOLLIN};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, quiet.reader, &event));
    CHECK_INT(epoll_wait(epoll, &event, 1, TIME_US / 1000), 0);
    close(epoll);
}

static void wait_by_poll(void)
{
    CHECK_INT(poll(&(struct pollfd){.fd = quiet.reader, .events = POLLIN}, 1, TIME_US / 1000), 0);
}

static void wait_by_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(quiet.reader, &set);
    CHECK_INT(select(quiet.reader + 1, &set, NULL, NULL, &(struct timeval){.tv_usec = TIME_US}), 0);
}

static void wait_by_sleep(void) { CHECK_INT(nanosleep(&(struct timespec){0, TIME_US * 1000}, NULL), 0); }

static void wait_for_a_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK_FAILS(sigtimedwait(&set, NULL, &(struct timespec){0, TIME_US * 1000}), EAGAIN);
}

static void wait_for_a_semaphore(void)
{
    int semaphores = semget(IPC_PRIVATE, 1, 0600);
    if (semaphores == -1)
        return;
    CHECK_FAILS(semtimedop(semaphores, &(struct sembuf){.sem_op = -1}, 1, &(struct timespec){0, TIME_US * 1000}), EAGAIN);
    semctl(semaphores, 0, IPC_RMID);
}

static void *feed_late(void *unused)
{
    MUST(nanosleep(&(struct timespec){0, TIME_US * 1000}, NULL));
    feed(delayed.writer, "x");
    return unused;
}

static void wait_by_read(void)
{
    char byte;
    pthread_t feeder;
    start_thread(&feeder, feed_late, NULL);
    CHECK_INT(read(delayed.reader, &byte, 1), 1);
    JOIN(feeder, NULL);
}

static void wait_by_accept(void) { CHECK_FAILS(accept(listener, NULL, NULL), EAGAIN); }

static void wait_by_recv(void)
{
    char byte;
    CHECK_FAILS(recv(pair[0], &byte, 1, 0), EAGAIN);
}

static void set_up_streams(void)
{
    struct timeval time = {.tv_usec = TIME_US};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    quiet = make_pipe(), delayed = make_pipe();
    make_sockets(pair);
    listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address.sun_family)); /* a name of the kernel's choice */
    MUST(listen(listener, 1));
    MUST(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    MUST(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
}

int main(void)
{
    claim_start();
    block_signal(SIGUSR2);
    set_up_streams();
    int fd = temporary_file("file", O_RDWR, REQUESTS * BLOCK), direct = open_direct(fd), late = 0;
    if (direct == -1)
        SKIP("no O_DIRECT on this file system");
    MUST(fsync(fd));
    char *blocks = MUST((char *)mmap(NULL, REQUESTS * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    void (*waits[])(void) = {wait_by_epoll,     wait_by_poll,         wait_by_select, wait_by_sleep, wait_for_a_signal,
                             wait_for_a_semaphore, wait_by_read, wait_by_accept, wait_by_recv};
    const int ways = sizeof waits / sizeof *waits;
    for (int round = 0; round < ROUNDS * ways; round++) {
        struct aiocb reads[REQUESTS];
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        for (int i = 0; i < REQUESTS; i++) {
            reads[i] = request(i % 2 ? direct : fd, blocks + i * BLOCK, BLOCK, i * BLOCK);
            SUBMIT_READ(&reads[i]);
        }
        late += aio_error(&reads[REQUESTS - 1]) == EINPROGRESS;
        waits[round % ways]();
        for (int i = 0; i < REQUESTS; i++) {
            EXPECT_RESULT(&reads[i], BLOCK);
            CHECK_PATTERN(blocks + i * BLOCK, BLOCK, i * BLOCK);
        }
    }
    if (late == 0)
        SKIP("the disk is too fast to be waited for");
    return 0;
}
