/* SPDX-License-Identifier: MIT */
/* Several threads submit, wait for and cancel requests on one file and one socket pair at the same time; every one gets its own
 * results.
 *
 * Differs from glibc: a cancellation makes it forget the requests queued behind, at times.
 * DECISION: difference-cancel-leaves-followers */
#include "claim.h"

enum { THREADS = 6, ROUNDS = 300, PLACE = 4096 };

static int fd, sockets[2];
static atomic_long sent, received;

static void *work(void *argument)
{
    int number = *(int *)argument;
    off_t place = (off_t)number * PLACE;
    unsigned char out[512], in[512], byte;
    for (int i = 0; i < ROUNDS; i++) {
        memset(out, number * 31 + i, sizeof out);
        struct aiocb write_request = request(fd, out, sizeof out, place), read_request = request(fd, in, sizeof in, place);
        struct aiocb take = request(sockets[0], &byte, 1, 0), give = request(sockets[1], out, 1, 0);
        SUBMIT_WRITE(&write_request);
        SUBMIT_READ(&take);
        SUBMIT_WRITE(&give);
        EXPECT_RESULT(&give, 1);
        atomic_fetch_add(&sent, 1);
        if (i % 3 == 0)
            aio_cancel(sockets[0], &take);
        EXPECT_RESULT(&write_request, sizeof out);
        SUBMIT_READ(&read_request);
        EXPECT_RESULT(&read_request, sizeof in);
        CHECK(memcmp(in, out, sizeof in) == 0);
        int error = AWAIT(&take);
        CHECK(error == 0 || error == ECANCELED);
        atomic_fetch_add(&received, error == 0);
    }
    return NULL;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, THREADS * PLACE);
    make_sockets(sockets);
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        start_thread(&threads[i], work, &numbers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        JOIN(threads[i], NULL);
    CHECK_INT(bytes_waiting(sockets[0]), atomic_load(&sent) - atomic_load(&received));
    return 0;
}
