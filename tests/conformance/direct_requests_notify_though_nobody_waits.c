/* SPDX-License-Identifier: MIT */
/* O_DIRECT requests send their signals and run their functions, and their lists do, though nobody waits or asks for them. */
#include "claim.h"

enum { COUNT = 6, SIZE = 4096, ROUNDS = 10 };

static sem_t ran;

static void run(union sigval value)
{
    if (value.sival_ptr != NULL)
        CHECK_INT(aio_error(value.sival_ptr), 0);
    sem_post(&ran);
}

static void notify(struct sigevent *event, int kind, void *value)
{
    event->sigev_notify = kind;
    event->sigev_value.sival_ptr = value;
    if (kind == SIGEV_THREAD)
        event->sigev_notify_function = run;
    else
        event->sigev_signo = SIGRTMIN;
}

static void await_notification(int kind)
{
    siginfo_t info;
    if (kind == SIGEV_THREAD)
        AWAIT_POST(&ran);
    else
        CHECK(take_signal(SIGRTMIN, &info));
}

static void submit_and_await(int fd, int kind, bool as_list)
{
    static _Alignas(4096) char bytes[COUNT][SIZE];
    struct aiocb requests[COUNT], *list[COUNT];
    int notifications = 0;
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(fd, bytes[i], SIZE, (off_t)i * SIZE);
        requests[i].aio_lio_opcode = i % 2 ? LIO_WRITE : LIO_READ;
        list[i] = &requests[i];
        if (i % 3 != 2) {
            notify(&requests[i].aio_sigevent, kind, &requests[i]);
            notifications++;
        }
    }
    if (as_list) {
        struct sigevent event = {0};
        notify(&event, kind, NULL);
        notifications++;
        CHECK_INT(lio_listio(LIO_NOWAIT, list, COUNT, &event), 0);
    } else {
        for (int i = 0; i < COUNT; i++)
            CHECK_INT((i % 2 ? aio_write : aio_read)(&requests[i]), 0);
    }
    for (int i = 0; i < notifications; i++)
        await_notification(kind);
    for (int i = 0; i < COUNT; i++)
        EXPECT_RESULT(&requests[i], SIZE);
}

/* The signals are taken, not handled: a sanitizer that puts handlers off makes one signal of two. And first, as they
 * could come to the threads of functions. */
int main(void)
{
    claim_start();
    sem_init(&ran, 0, 0);
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR | O_DIRECT, COUNT * SIZE);
    for (int round = 0; round < ROUNDS; round++)
        submit_and_await(fd, SIGEV_SIGNAL, round % 2);
    for (int round = 0; round < ROUNDS; round++)
        submit_and_await(fd, SIGEV_THREAD, round % 2);
    return 0;
}
