/* A storm of signals into every thread of a program that submits, waits, cancels and lists: handlers that call aio_error,
 * aio_return and aio_suspend never hang, and no request is lost. HOSTILE_SECONDS says how long (default 5); an hour by hand:
 * HOSTILE_SECONDS=3600. A thread that makes no progress for the claim's patience is a hang. */
#include "hostile.h"

enum { THREADS = 3, LENGTH = 20 };

struct worker {
    pthread_t thread;
    atomic_uint rounds;
    struct aiocb complete, waiting;
    char complete_byte, waiting_byte;
};

static struct worker workers[THREADS];
static __thread struct worker *own;
static int fd;
static struct stream quiet;
static atomic_bool finished;
static atomic_ulong handled;

static void use_aio(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    int saved_errno = errno;
    const struct aiocb *both[] = {&own->waiting, &own->complete}, *one[] = {&own->waiting};
    CHECK_INT(aio_error(&own->complete), 0);
    CHECK_INT(aio_return(&own->complete), 1);
    CHECK_INT(aio_error(&own->waiting), EINPROGRESS);
    CHECK_INT(aio_suspend(both, 2, NULL), 0);
    if (number == SIGUSR1) { /* the other signal may interrupt this wait */
        int result = aio_suspend(one, 1, &(struct timespec){.tv_nsec = 20000});
        CHECK(result == -1 && (errno == EAGAIN || errno == EINTR));
    }
    atomic_fetch_add(&handled, 1);
    errno = saved_errno;
}

/* As fast as they are taken. */
static void *storm(void *unused)
{
    for (unsigned i = 0; !atomic_load(&finished); i++) {
        unsigned long before = atomic_load(&handled);
        for (int j = 0; j < THREADS; j++)
            pthread_kill(workers[j].thread, (i + (unsigned)j) % 3 == 0 ? SIGUSR2 : SIGUSR1);
        while (!atomic_load(&finished) && atomic_load(&handled) == before)
            sched_yield();
    }
    return unused;
}

static void *work(void *argument)
{
    own = argument;
    char bytes[100], from_pipe_bytes[2];
    struct stream pipe = make_pipe();
    own->complete = request(fd, &own->complete_byte, 1, 0);
    own->waiting = request(quiet.reader, &own->waiting_byte, 1, 0);
    SUBMIT_READ(&own->complete);
    SUBMIT_READ(&own->waiting);
    AWAIT(&own->complete);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    while (!atomic_load(&finished)) {
        struct aiocb of_file = request(fd, bytes, sizeof bytes, 0), written = request(fd, bytes, 10, 0);
        struct aiocb first = request(pipe.reader, &from_pipe_bytes[0], 1, 0), second = first;
        struct aiocb synced = request(fd, NULL, 0, 0), listed[LENGTH], *list[LENGTH];
        second.aio_buf = &from_pipe_bytes[1];
        SUBMIT_READ(&of_file);
        SUBMIT_WRITE(&written);
        SUBMIT_READ(&first);
        SUBMIT_READ(&second);
        CHECK_INT(aio_fsync(O_DSYNC, &synced), 0);
        aio_cancel(pipe.reader, &second);
        feed(pipe.writer, "xy");
        EXPECT_RESULT(&first, 1);
        if (AWAIT(&second) == ECANCELED)
            drain(pipe.reader, 1);
        EXPECT_RESULT(&of_file, sizeof bytes);
        EXPECT_RESULT(&written, 10);
        EXPECT_RESULT(&synced, 0);
        for (int i = 0; i < LENGTH; i++) {
            listed[i] = request(fd, bytes, 1, i);
            listed[i].aio_lio_opcode = i % 2 ? LIO_READ : LIO_WRITE;
            list[i] = &listed[i];
        }
        unsigned round = atomic_fetch_add(&own->rounds, 1);
        CHECK_INT(lio_listio(round % 2 ? LIO_WAIT : LIO_NOWAIT, list, LENGTH, NULL), 0);
        for (int i = 0; i < LENGTH; i++)
            EXPECT_RESULT(&listed[i], 1);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    CHECK_INT(aio_cancel(quiet.reader, &own->waiting), AIO_CANCELED);
    return NULL;
}

int main(void)
{
    const char *text = getenv("HOSTILE_SECONDS");
    int seconds = text != NULL && atoi(text) > 0 ? atoi(text) : 5;
    int patience = claim_patience();
    char time[16];
    snprintf(time, sizeof time, "%d", patience + seconds);
    setenv("CLAIM_PATIENCE", time, 1); /* for the supervisor */
    claim_start();
    fd = temporary_file("file", O_RDWR, 4096);
    quiet = make_pipe();
    handle(SIGUSR1, use_aio, SA_RESTART);
    handle(SIGUSR2, use_aio, SA_RESTART | SA_NODEFER);
    block_signal(SIGUSR1), block_signal(SIGUSR2);
    for (int i = 0; i < THREADS; i++)
        start_thread(&workers[i].thread, work, &workers[i]);
    pthread_t disturber;
    start_thread(&disturber, storm, NULL);
    double end = claim_clock() + seconds, last_progress[THREADS];
    unsigned rounds[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        last_progress[i] = claim_clock();
    while (claim_clock() < end)
        for (int i = 0; i < THREADS; i++) {
            unsigned now = atomic_load(&workers[i].rounds);
            if (now != rounds[i])
                last_progress[i] = claim_clock();
            else if (claim_clock() - last_progress[i] > patience)
                FAIL("thread %d makes no progress after %u rounds and %lu handlers", i, now, atomic_load(&handled));
            rounds[i] = now;
            claim_pause();
        }
    atomic_store(&finished, true);
    for (int i = 0; i < THREADS; i++)
        JOIN(workers[i].thread, NULL);
    JOIN(disturber, NULL);
    CHECK(atomic_load(&handled) > 100);
    return 0;
}
