/* SPDX-License-Identifier: MIT */
/* Two threads write to one file by O_DIRECT, into holes, where a write is slow to begin; others sync it, cancel whatever
 * its descriptor has, and make the number anew by dup2. All of them get on.
 *
 * Differs from glibc: a cancellation makes it forget the requests queued behind, at times.
 * DECISION: difference-cancel-leaves-followers */
#include "claim.h"

enum { BLOCK = 4096, WRITERS = 2, WRITES = 150, BLOCKS = 10000 };

static int fd, again;
static atomic_int finished;

/* It ends as it may, but it ends. */
static void let_end(struct aiocb *block)
{
    int error = AWAIT(block);
    if (error != 0)
        CHECK_INT(error, ECANCELED);
    aio_return(block);
}

static void *write_into_holes(void *number)
{
    char *bytes = MUST((char *)mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int i = 0; i < WRITES; i++) {
        off_t place = ((off_t)(i % BLOCKS) * WRITERS + (intptr_t)number) * 2 * BLOCK;
        struct aiocb written = request(fd, bytes, BLOCK, place);
        SUBMIT_WRITE(&written);
        let_end(&written);
    }
    atomic_fetch_add(&finished, 1);
    munmap(bytes, BLOCK);
    return NULL;
}

static void *sync_and_cancel(void *unused)
{
    while (atomic_load(&finished) < WRITERS) {
        struct aiocb synced = request(fd, NULL, 0, 0);
        CHECK_INT(aio_fsync(O_DSYNC, &synced), 0);
        aio_cancel(fd, &synced);
        let_end(&synced);
    }
    return unused;
}

static void *cancel_all(void *unused)
{
    while (atomic_load(&finished) < WRITERS)
        CHECK(aio_cancel(fd, NULL) != -1);
    return unused;
}

static void *replace(void *unused)
{
    while (atomic_load(&finished) < WRITERS)
        MUST(dup2(again, fd));
    return unused;
}

static void run(void *(*disturb)(void *))
{
    pthread_t writers[WRITERS], syncer, disturber;
    atomic_store(&finished, 0);
    MUST(ftruncate(fd, 0));
    for (intptr_t i = 0; i < WRITERS; i++)
        start_thread(&writers[i], write_into_holes, (void *)i);
    start_thread(&syncer, sync_and_cancel, NULL);
    start_thread(&disturber, disturb, NULL);
    for (int i = 0; i < WRITERS; i++)
        JOIN(writers[i], NULL);
    JOIN(syncer, NULL);
    JOIN(disturber, NULL);
}

int main(void)
{
    char path[64];
    claim_start();
    int plain = temporary_file("file", O_RDWR, BLOCK);
    snprintf(path, sizeof path, "/proc/self/fd/%d", plain);
    fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
    if (fd == -1)
        SKIP("no O_DIRECT here");
    again = MUST(open(path, O_RDWR | O_DIRECT | O_CLOEXEC));
    run(cancel_all);
    run(replace);
    return 0;
}
