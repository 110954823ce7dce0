/* SPDX-License-Identifier: MIT */
/* A byte that arrives while its read is being cancelled is in the request's buffer or still in the stream, never lost and
 * never in both: tried with a thread that writes just then. */
#include "claim.h"

enum { ROUNDS = 2000 };

static struct stream pipe_;
static sem_t turn;

static void *write_bytes(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        char byte = (char)(i % 100 + 1);
        while (sem_wait(&turn) == -1)
            ;
        for (volatile int spin = 0; spin < i % 50 * 20; spin++)
            ;
        CHECK_INT(write(pipe_.writer, &byte, 1), 1);
    }
    return unused;
}

int main(void)
{
    claim_start();
    pipe_ = make_pipe();
    sem_init(&turn, 0, 0);
    pthread_t writer;
    start_thread(&writer, write_bytes, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        char byte = 0, left = 0;
        struct aiocb read_request = request(pipe_.reader, &byte, 1, 0);
        SUBMIT_READ(&read_request);
        sem_post(&turn);
        for (volatile int spin = 0; spin < i % 37 * 20; spin++)
            ;
        int outcome = aio_cancel(pipe_.reader, &read_request);
        if (outcome == AIO_CANCELED) {
            CHECK_INT(aio_error(&read_request), ECANCELED);
            CHECK_INT(aio_return(&read_request), -1);
            CHECK_INT(byte, 0);
            read_fully(pipe_.reader, &left, 1);
            CHECK_INT(left, i % 100 + 1);
        } else {
            CHECK(outcome == AIO_ALLDONE || outcome == AIO_NOTCANCELED);
            EXPECT_RESULT(&read_request, 1);
            CHECK_INT(byte, i % 100 + 1);
            CHECK_INT(bytes_waiting(pipe_.reader), 0);
        }
    }
    JOIN(writer, NULL);
    return 0;
}
