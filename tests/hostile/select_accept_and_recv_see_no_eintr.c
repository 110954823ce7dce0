/* SPDX-License-Identifier: MIT */
/* select, accept and recv with a timeout of the submitting thread wait their time though its requests complete meanwhile. */
#include "hostile.h"

#include <sys/select.h>
#include <sys/un.h>

enum { REQUESTS = 8, ROUNDS = 20 };

static struct stream pipes[REQUESTS];
static struct aiocb blocked[REQUESTS];
static sem_t go, fed;
static atomic_bool finished;

static void *feed_all(void *unused)
{
    while (sem_wait(&go) == 0 && !atomic_load(&finished)) {
        for (int i = 0; i < REQUESTS; i++) {
            feed(pipes[i].writer, "x");
            WAIT_UNTIL(aio_error(&blocked[i]) != EINPROGRESS);
        }
        sem_post(&fed);
    }
    return unused;
}

int main(void)
{
    claim_start();
    char bytes[REQUESTS], byte;
    sem_init(&go, 0, 0);
    sem_init(&fed, 0, 0);
    for (int i = 0; i < REQUESTS; i++)
        pipes[i] = make_pipe();
    pthread_t feeder;
    start_thread(&feeder, feed_all, NULL);
    struct stream quiet = make_pipe();
    struct timeval time = {.tv_usec = 20000};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = MUST(socket(AF_UNIX, SOCK_STREAM, 0)), pair[2];
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address.sun_family)); /* a name of the kernel's choice */
    MUST(listen(listener, 1));
    make_sockets(pair);
    MUST(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    MUST(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < REQUESTS; i++) {
            blocked[i] = request(pipes[i].reader, &bytes[i], 1, 0);
            SUBMIT_READ(&blocked[i]);
        }
        sem_post(&go);
        if (round % 3 == 0) {
            fd_set set;
            FD_ZERO(&set);
            FD_SET(quiet.reader, &set);
            CHECK_INT(select(quiet.reader + 1, &set, NULL, NULL, &(struct timeval){.tv_usec = 20000}), 0);
        } else if (round % 3 == 1) {
            CHECK_FAILS(accept(listener, NULL, NULL), EAGAIN);
        } else {
            CHECK_FAILS(recv(pair[0], &byte, 1, 0), EAGAIN);
        }
        for (int i = 0; i < REQUESTS; i++)
            EXPECT_RESULT(&blocked[i], 1);
        AWAIT_POST(&fed); /* it looks at them no more */
    }
    atomic_store(&finished, true);
    sem_post(&go);
    JOIN(feeder, NULL);
    return 0;
}
