/* SPDX-License-Identifier: MIT */
/* Each SIGEV_THREAD function starts as a new thread's function does: thread variables are fresh, thread-specific data is
 * empty and destroyed afterwards. */
#include "claim.h"

enum { COUNT = 50 };

static __thread int variable = 42;
static pthread_key_t key;
static atomic_int destroyed;
static sem_t called;

static void destroy(void *value)
{
    (void)value;
    atomic_fetch_add(&destroyed, 1);
}

static void note(union sigval value)
{
    CHECK_INT(variable, 42);
    CHECK(pthread_getspecific(key) == NULL);
    variable = value.sival_int;
    pthread_setspecific(key, &called);
    sem_post(&called);
}

int main(void)
{
    claim_start();
    sem_init(&called, 0, 0);
    pthread_key_create(&key, destroy);
    int fd = temporary_file("file", O_RDWR, 4096);
    char byte;
    for (int i = 0; i < COUNT; i++) {
        struct aiocb aiocb = request(fd, &byte, 1, 0);
        notify_by_thread(&aiocb, note, NULL);
        SUBMIT_READ(&aiocb);
        EXPECT_RESULT(&aiocb, 1);
        AWAIT_POST(&called);
    }
    WAIT_UNTIL(atomic_load(&destroyed) == COUNT);
    return 0;
}
