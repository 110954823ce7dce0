/* O_DIRECT requests send their signals and run their functions, and their lists do, though nobody waits or asks for them. */
#include "claim.h"

enum { COUNT = 6, SIZE = 4096 };

static sem_t ran, signalled;

static void note(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    sem_post(&signalled);
}

static void run(union sigval value)
{
    CHECK_INT(aio_error(value.sival_ptr), 0);
    sem_post(&ran);
}

int main(void)
{
    claim_start();
    sem_init(&ran, 0, 0);
    sem_init(&signalled, 0, 0);
    handle(SIGRTMIN, note, SA_RESTART);
    int fd = temporary_file("file", O_RDWR | O_DIRECT, COUNT * SIZE);
    static _Alignas(4096) char bytes[COUNT][SIZE];
    for (int round = 0; round < 20; round++) {
        struct aiocb requests[COUNT], *list[COUNT];
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(fd, bytes[i], SIZE, (off_t)i * SIZE);
            requests[i].aio_lio_opcode = i % 2 ? LIO_WRITE : LIO_READ;
            list[i] = &requests[i];
            if (i % 3 == 0)
                notify_by_signal(&requests[i], SIGRTMIN, i);
            if (i % 3 == 1)
                notify_by_thread(&requests[i], run, &requests[i]);
        }
        int signals = 2;
        if (round % 2 == 0) {
            for (int i = 0; i < COUNT; i++)
                CHECK_INT((i % 2 ? aio_write : aio_read)(&requests[i]), 0);
        } else {
            struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
            CHECK_INT(lio_listio(LIO_NOWAIT, list, COUNT, &event), 0);
            signals++;
        }
        for (int i = 0; i < signals; i++)
            AWAIT_POST(&signalled);
        for (int i = 0; i < 2; i++)
            AWAIT_POST(&ran);
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], SIZE);
    }
    return 0;
}
