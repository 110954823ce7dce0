/* SPDX-License-Identifier: MIT */
/* The thread of a SIGEV_THREAD function is made with sigev_notify_attributes: stack size, and joinable when they say so (the
 * function's thread can be joined); without attributes it is detached. */
#include "claim.h"

static sem_t called;
static pthread_t thread;
static size_t stack_size;
static int detach_state;
static atomic_int done;

static void note(union sigval value)
{
    pthread_attr_t attributes;
    CHECK(value.sival_ptr == &called);
    CHECK_INT(pthread_getattr_np(pthread_self(), &attributes), 0);
    CHECK_INT(pthread_attr_getstacksize(&attributes, &stack_size), 0);
    CHECK_INT(pthread_attr_getdetachstate(&attributes, &detach_state), 0);
    pthread_attr_destroy(&attributes);
    thread = pthread_self();
    sem_post(&called);
    atomic_store(&done, 1);
}

static void run(int fd, pthread_attr_t *attributes)
{
    char byte;
    struct aiocb aiocb = request(fd, &byte, 1, 0);
    notify_by_thread(&aiocb, note, &called);
    aiocb.aio_sigevent.sigev_notify_attributes = attributes;
    SUBMIT_READ(&aiocb);
    EXPECT_RESULT(&aiocb, 1);
    AWAIT_POST(&called);
}

int main(void)
{
    claim_start();
    sem_init(&called, 0, 0);
    int fd = temporary_file("file", O_RDWR, 4096);
    run(fd, NULL);
    CHECK_INT(detach_state, PTHREAD_CREATE_DETACHED);

    size_t sizes[] = {12 << 20, 24 << 20, 64 << 20};
    for (int i = 0; i < 3; i++) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, sizes[i]);
        pthread_attr_setdetachstate(&attributes, i == 1 ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
        atomic_store(&done, 0);
        run(fd, &attributes);
        CHECK(stack_size >= sizes[i] - (64 << 10)); /* a cached larger stack may serve, less the guard */
        CHECK_INT(detach_state, i == 1 ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
        if (i == 1) {
            JOIN(thread, NULL);
            CHECK_INT(atomic_load(&done), 1);
        }
        pthread_attr_destroy(&attributes);
    }
    return 0;
}
