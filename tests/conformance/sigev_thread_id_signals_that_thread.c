/* SPDX-License-Identifier: MIT */
/* SIGEV_THREAD_ID sends the signal to the thread that it names, for requests and for lists, with SI_ASYNCIO and value.
 *
 * Differs from glibc: it sends nothing.
 * DECISION: difference-sigev-thread-id */
#include "claim.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static atomic_int tid;
static sem_t go;

static void *take(void *unused)
{
    atomic_store(&tid, gettid());
    while (sem_wait(&go) == -1)
        ;
    for (int i = 1, seen[4] = {0}; i <= 3; i++) {
        siginfo_t info;
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK(info.si_value.sival_int >= 1 && info.si_value.sival_int <= 3);
        CHECK_INT(seen[info.si_value.sival_int]++, 0);
        CHECK_INT(info.si_code, SI_ASYNCIO);
        CHECK_INT(info.si_pid, getpid());
    }
    return unused;
}

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    sem_init(&go, 0, 0);
    pthread_t other;
    start_thread(&other, take, NULL);
    WAIT_UNTIL(atomic_load(&tid) != 0);

    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char byte;
    struct aiocb of_file = request(fd, &byte, 1, 0), of_pipe = request(pipe.reader, &byte, 1, 0), listed = request(fd, &byte, 1, 0);
    struct aiocb *list[] = {&listed};
    notify_by_signal(&of_file, SIGRTMIN, 1);
    of_file.aio_sigevent.sigev_notify = SIGEV_THREAD_ID;
    of_file.aio_sigevent.sigev_notify_thread_id = atomic_load(&tid);
    of_pipe.aio_sigevent = of_file.aio_sigevent;
    of_pipe.aio_sigevent.sigev_value.sival_int = 2;
    struct sigevent event = of_file.aio_sigevent;
    event.sigev_value.sival_int = 3;

    SUBMIT_READ(&of_file);
    EXPECT_RESULT(&of_file, 1);
    SUBMIT_READ(&of_pipe);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&of_pipe, 1);
    listed.aio_lio_opcode = LIO_READ;
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, &event), 0);
    EXPECT_RESULT(&listed, 1);
    sem_post(&go);
    JOIN(other, NULL);
    CHECK(!signal_is_pending(SIGRTMIN));
    return 0;
}
