/* SPDX-License-Identifier: MIT */
/* aio_suspend without a timeout returns when one of its requests completes though the others are stuck at the storage. */
#include "slow_file.h"

static struct stream pipe_;
static struct aiocb write_request, queued, read_request, blocked;
static atomic_int tid;

static void *suspend(void *unused)
{
    const struct aiocb *list[] = {&write_request, &queued, &read_request, &blocked};
    atomic_store(&tid, gettid());
    CHECK_INT(aio_suspend(list, 4, NULL), 0);
    CHECK_INT(aio_error(&blocked), 0);
    EXPECT_IN_PROGRESS(&write_request);
    return unused;
}

int main(void)
{
    claim_start();
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);
    char out[4096] = "w", in[4096], byte;
    pipe_ = make_pipe();
    write_request = request(fd, out, sizeof out, 0);
    queued = request(fd, out, sizeof out, 65536);
    read_request = request(fd, in, sizeof in, 131072);
    blocked = request(pipe_.reader, &byte, 1, 0);
    SUBMIT_WRITE(&write_request);
    SUBMIT_WRITE(&queued);
    SUBMIT_READ(&read_request);
    SUBMIT_READ(&blocked);
    pthread_t waiter;
    start_thread(&waiter, suspend, NULL);
    WAIT_UNTIL(atomic_load(&tid) != 0);
    AWAIT_HELD(&file, 1);
    feed(pipe_.writer, "x");
    JOIN(waiter, NULL);
    slow_file_release(&file);
    EXPECT_RESULT(&write_request, sizeof out);
    EXPECT_RESULT(&queued, sizeof out);
    EXPECT_RESULT(&read_request, sizeof in);
    EXPECT_RESULT(&blocked, 1);
    return 0;
}
