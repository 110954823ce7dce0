/* SPDX-License-Identifier: MIT */
/* A thread forks in a callback of dl_iterate_phdr, or while another one is in there. Requests go on, in the child, where
 * the loader's lock may stay locked for good, and in the parent, where the callback waits for them. */
#include "claim.h"

#include <link.h>

enum { REQUESTS = 70 };

static sem_t is_in, may_go;

static void use_aio(void)
{
    char byte;
    struct stream pipe = make_pipe();
    for (int i = 0; i < REQUESTS; i++) {
        struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&blocked);
        feed(pipe.writer, "x");
        EXPECT_RESULT(&blocked, 1);
    }
    close(pipe.reader);
    close(pipe.writer);
}

static void fork_and_use_aio(void)
{
    pid_t child = fork();
    if (child == 0) {
        use_aio();
        _exit(0);
    }
    wait_for_child(child);
}

static int fork_in_callback(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)object, (void)size, (void)unused;
    fork_and_use_aio();
    return 1;
}

static int wait_in_callback(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)object, (void)size, (void)unused;
    sem_post(&is_in);
    AWAIT_POST(&may_go);
    return 1;
}

static void *stay_in_callback(void *unused)
{
    dl_iterate_phdr(wait_in_callback, NULL);
    return unused;
}

int main(void)
{
    claim_start();
    pthread_t other;
    sem_init(&is_in, 0, 0);
    sem_init(&may_go, 0, 0);
    dl_iterate_phdr(fork_in_callback, NULL);
    start_thread(&other, stay_in_callback, NULL);
    AWAIT_POST(&is_in);
    fork_and_use_aio();
    use_aio();
    sem_post(&may_go);
    JOIN(other, NULL);
    use_aio();
    return 0;
}
