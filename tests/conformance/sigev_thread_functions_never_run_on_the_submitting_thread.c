/* SPDX-License-Identifier: MIT */
/* A SIGEV_THREAD function runs on another thread than the one that submitted or waits, even when the request completes inside
 * the call. */
#include "claim.h"

enum { COUNT = 200 };

static pid_t submitter;
static sem_t called;

static void note(union sigval value)
{
    (void)value;
    CHECK(gettid() != submitter);
    CHECK_INT(getpid(), submitter);
    sem_post(&called);
}

int main(void)
{
    claim_start();
    submitter = gettid();
    sem_init(&called, 0, 0);
    int fd = temporary_file("file", O_RDWR, 4096);
    char bytes[100];
    for (int i = 0; i < COUNT; i++) {
        struct aiocb aiocb = request(fd, bytes, sizeof bytes, 0), *list[] = {&aiocb, NULL};
        notify_by_thread(&aiocb, note, NULL);
        struct sigevent event = aiocb.aio_sigevent;
        SUBMIT_READ(&aiocb);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        SUBMIT_WRITE(&aiocb);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        aiocb.aio_lio_opcode = LIO_READ;
        CHECK_INT(lio_listio(LIO_NOWAIT, list, 2, &event), 0);
        EXPECT_RESULT(&aiocb, sizeof bytes);
        CHECK_INT(lio_listio(LIO_WAIT, list, 2, NULL), 0);
        for (int j = 0; j < 5; j++)
            AWAIT_POST(&called);
    }
    return 0;
}
