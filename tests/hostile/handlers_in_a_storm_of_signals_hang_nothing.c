/* SPDX-License-Identifier: MIT */
/* A storm of signals into every thread of a program that submits, waits (also for the disk), cancels and lists: handlers
 * that call aio_error, aio_return and aio_suspend, also for requests of their own, never hang, and no request is lost. Some
 * of the signals are the requests' notifications, sent to any thread where they complete. HOSTILE_SECONDS says how long
 * (default 5); an hour by hand: HOSTILE_SECONDS=3600. A thread that makes no progress for the claim's patience is a hang.
 * HOSTILE_VERBOSE=1 shows how far each came. */
#include "hostile.h"

enum { THREADS = 3, LENGTH = 20 };

struct worker {
    pthread_t thread;
    atomic_uint rounds;
    atomic_ulong handled; /* of the storm's signals */
    struct aiocb complete, waiting, of_handler;
    bool is_handling; /* of_handler is in use */
    char complete_byte, waiting_byte, *blocks;
};

static struct worker workers[THREADS];
static __thread struct worker *own;
static int fd, direct;
static struct stream quiet;
static atomic_bool finished;
static atomic_ulong notified;

static void use_aio(int number, siginfo_t *info, void *context)
{
    (void)context;
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
    /* A read of the disk, waited for here: the frame below may be waiting for one in the kernel. */
    if (direct != -1 && !own->is_handling) {
        const struct aiocb *list[] = {&own->of_handler};
        own->is_handling = true;
        own->of_handler = request(direct, own->blocks, BLOCK, 0);
        if (aio_read(&own->of_handler) == 0) {
            while (aio_error(&own->of_handler) == EINPROGRESS)
                aio_suspend(list, 1, NULL);
            CHECK_INT(aio_return(&own->of_handler), BLOCK);
        }
        own->is_handling = false;
    }
    if (info->si_code == SI_ASYNCIO)
        atomic_fetch_add(&notified, 1);
    else
        atomic_fetch_add(&own->handled, 1);
    errno = saved_errno;
}

/* To each thread the next one, or two, some microseconds after it has handled the last: anywhere, and still it gets on. */
static void *storm(void *unused)
{
    unsigned long sent[THREADS] = {0};
    unsigned chance = 1;
    while (!atomic_load(&finished)) {
        for (int i = 0; i < THREADS; i++) {
            if (atomic_load(&workers[i].handled) < sent[i])
                continue;
            chance = chance * 1103515245 + 12345;
            for (volatile unsigned pause = chance >> 16 & 0x3fff; pause > 0; pause--)
                ;
            bool both = (chance >> 8) % 3 == 0;
            pthread_kill(workers[i].thread, both || (chance >> 10) % 2 ? SIGUSR1 : SIGUSR2);
            if (both)
                pthread_kill(workers[i].thread, SIGUSR2);
            sent[i] += both ? 2 : 1;
        }
        sched_yield();
    }
    return unused;
}

/* One wait for reads of the disk alone, with a timeout and without. */
static void use_disk_in_turn(bool has_timeout)
{
    if (direct == -1)
        return;
    struct aiocb first = request(direct, own->blocks + BLOCK, BLOCK, 0);
    struct aiocb second = request(direct, own->blocks + 2 * BLOCK, BLOCK, 0);
    const struct aiocb *list[] = {&first};
    SUBMIT_READ(&first);
    SUBMIT_READ(&second);
    while (!has_timeout && aio_error(&first) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    EXPECT_RESULT(&first, BLOCK);
    EXPECT_RESULT(&second, BLOCK);
}

static void *work(void *argument)
{
    own = argument;
    own->blocks = MUST((char *)mmap(NULL, 3 * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    char bytes[100], from_pipe_bytes[2];
    struct stream pipe = make_pipe();
    own->complete = request(fd, &own->complete_byte, 1, 0);
    own->waiting = request(quiet.reader, &own->waiting_byte, 1, 0);
    SUBMIT_READ(&own->complete);
    SUBMIT_READ(&own->waiting);
    AWAIT(&own->complete);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2), sigaddset(&set, SIGRTMIN);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    while (!atomic_load(&finished)) {
        struct aiocb of_file = request(fd, bytes, sizeof bytes, 0), written = request(fd, bytes, 10, 0);
        struct aiocb first = request(pipe.reader, &from_pipe_bytes[0], 1, 0), second = first;
        struct aiocb synced = request(fd, NULL, 0, 0), listed[LENGTH], *list[LENGTH];
        second.aio_buf = &from_pipe_bytes[1];
        notify_by_signal(&first, SIGRTMIN, 0);
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
        use_disk_in_turn(atomic_load(&own->rounds) % 2);
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
    fd = temporary_file("file", O_RDWR, BLOCK);
    direct = open_direct(fd);
    quiet = make_pipe();
    handle(SIGUSR1, use_aio, SA_RESTART);
    handle(SIGUSR2, use_aio, SA_RESTART | SA_NODEFER);
    handle(SIGRTMIN, use_aio, SA_RESTART);
    block_signal(SIGUSR1), block_signal(SIGUSR2), block_signal(SIGRTMIN);
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
            else if (claim_clock() - last_progress[i] > patience &&
                     claim_clock() - last_progress[i] > patience * slowness())
                FAIL("thread %d makes no progress after %u rounds and %lu handlers", i, now,
                     atomic_load(&workers[i].handled));
            rounds[i] = now;
            claim_pause();
        }
    atomic_store(&finished, true);
    for (int i = 0; i < THREADS; i++)
        JOIN(workers[i].thread, NULL);
    JOIN(disturber, NULL);
    /* One for each round; the last ones may have come when no thread took any more. */
    unsigned long expected = 0;
    for (int i = 0; i < THREADS; i++) {
        CHECK(atomic_load(&workers[i].handled) > 20);
        expected += atomic_load(&workers[i].rounds);
        if (getenv("HOSTILE_VERBOSE") != NULL)
            printf("thread %d: %u rounds, %lu handlers\n", i, atomic_load(&workers[i].rounds),
                   atomic_load(&workers[i].handled));
    }
    siginfo_t info;
    while (atomic_load(&notified) < expected) {
        CHECK(take_signal(SIGRTMIN, &info));
        atomic_fetch_add(&notified, 1);
    }
    CHECK_INT(atomic_load(&notified), expected);
    CHECK(!signal_is_pending(SIGRTMIN));
    return 0;
}
