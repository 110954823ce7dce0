/* SPDX-License-Identifier: MIT */
/* Threads that submit and end at once, by return, pthread_exit and pthread_cancel (deferred and asynchronous): every request
 * completes, every notification comes, and no memory is left. */
#include "hostile.h"

#include <malloc.h>

enum { WAYS = 4, KINDS = 5, BATCHES = 16, BATCH = 10 * WAYS, LEAST = 32 /* bytes that malloc takes */ };

static int fd, direct;
static struct stream pipes[BATCH];
static struct aiocb requests[BATCH][KINDS];
static char bytes[BATCH][KINDS][64];
static char *blocks; /* for O_DIRECT */
static sem_t submitted, notified;

static void notice(union sigval value)
{
    (void)value;
    sem_post(&notified);
}

static void *submit(void *argument)
{
    int which = (int)(intptr_t)argument, way = which % WAYS;
    struct aiocb *own = requests[which];
    own[0] = request(fd, bytes[which][0], 64, 64 * which);
    own[1] = request(fd, bytes[which][1], 64, 8192 + 64 * which);
    own[2] = request(pipes[which].reader, bytes[which][2], 1, 0);
    own[3] = request(fd, NULL, 0, 0);
    own[4] = request(direct, blocks + BLOCK * which, BLOCK, 0);
    notify_by_thread(&own[1], notice, NULL);
    SUBMIT_READ(&own[0]);
    SUBMIT_WRITE(&own[1]);
    SUBMIT_READ(&own[2]);
    CHECK_INT(aio_fsync(O_SYNC, &own[3]), 0);
    if (direct != -1)
        SUBMIT_READ(&own[4]);
    int type = way == 3 ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
    pthread_setcanceltype(type, NULL);
    sem_post(&submitted);
    if (way == 1)
        pthread_exit(NULL);
    while (way == 2)
        pause();
    while (way == 3)
        ; /* only an asynchronous cancel ends it */
    return NULL;
}

static void run_batch(void)
{
    pthread_t threads[BATCH];
    for (int i = 0; i < BATCH; i++) {
        pipes[i] = make_pipe();
        start_thread(&threads[i], submit, (void *)(intptr_t)i);
        AWAIT_POST(&submitted);
        if (i % WAYS >= 2)
            pthread_cancel(threads[i]);
        JOIN(threads[i], NULL);
    }
    for (int i = 0; i < BATCH; i++) {
        EXPECT_RESULT(&requests[i][0], 64);
        CHECK_PATTERN(bytes[i][0], 64, 64 * i);
        EXPECT_RESULT(&requests[i][1], 64);
        EXPECT_RESULT(&requests[i][3], 0);
        if (direct != -1) {
            EXPECT_RESULT(&requests[i][4], BLOCK);
            CHECK_PATTERN(blocks + BLOCK * i, BLOCK, 0);
        }
        AWAIT_POST(&notified);
        EXPECT_IN_PROGRESS(&requests[i][2]);
        feed(pipes[i].writer, "x");
        EXPECT_RESULT(&requests[i][2], 1);
        close(pipes[i].reader);
        close(pipes[i].writer);
    }
}

static long field_of_status(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = atol(line + strlen(name));
    if (file != NULL)
        fclose(file);
    return value;
}

int main(void)
{
    claim_start();
    mallopt(M_ARENA_MAX, 1); /* a thread's own arena would stay behind it */
    fd = temporary_file("file", O_RDWR, 8192);
    direct = open_direct(fd);
    blocks = MUST((char *)mmap(NULL, BATCH * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    sem_init(&submitted, 0, 0);
    sem_init(&notified, 0, 0);
    run_batch();
    run_batch(); /* stacks and pools are what they will be */
    long resident = field_of_status("RssAnon:");
    int grown = 0;
    for (int i = 0; i < BATCHES; i++) {
        size_t allocated = mallinfo2().uordblks;
        run_batch();
        grown += mallinfo2().uordblks >= allocated + LEAST * BATCH;
    }
    /* How many of the library's threads there are, each with what glibc allocates for it, varies; it does not always grow. */
    if (grown == BATCHES)
        FAIL("each batch leaves %d bytes or more", LEAST * BATCH);
    if (field_of_status("RssAnon:") > resident + 1000)
        FAIL("%ld KiB more are resident", field_of_status("RssAnon:") - resident);
    return 0;
}
