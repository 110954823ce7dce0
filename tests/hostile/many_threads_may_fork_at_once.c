/* SPDX-License-Identifier: MIT */
/* Many threads fork at the same time while they submit, and their children fork again: all of them go on, each with
 * requests of its own. */
#include "hostile.h"

enum { THREADS = 4, ROUNDS = 6 };

static int fd;
static pthread_barrier_t barrier;

static void *fork_and_submit(void *unused)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct waiting waiting;
        char bytes[64];
        struct aiocb written = request(fd, bytes, sizeof bytes, 0);
        begin_waiting(&waiting);
        SUBMIT_WRITE(&written);
        pthread_barrier_wait(&barrier);
        pid_t child = fork();
        if (child == 0) {
            use_everything(fd);
            struct waiting own;
            begin_waiting(&own);
            pid_t grandchild = fork();
            if (grandchild == 0) {
                use_everything(fd);
                CHECK_INT(aio_cancel(own.pipes[0].reader, NULL), AIO_ALLDONE);
                _exit(0);
            }
            wait_for_child(grandchild);
            end_waiting(&own);
            _exit(0);
        }
        EXPECT_RESULT(&written, sizeof bytes);
        wait_for_child(child);
        end_waiting(&waiting);
    }
    return unused;
}

int main(void)
{
    claim_start();
    fd = temporary_file("file", O_RDWR, 4096);
    pthread_barrier_init(&barrier, NULL, THREADS);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], fork_and_submit, NULL);
    for (int i = 0; i < THREADS; i++)
        JOIN(threads[i], NULL);
    use_everything(fd);
    return 0;
}
