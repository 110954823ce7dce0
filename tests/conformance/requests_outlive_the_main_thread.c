/* SPDX-License-Identifier: MIT */
/* Requests submitted by the main thread complete for the others after it has called pthread_exit. */
#include "claim.h"

static struct aiocb blocked;
static struct stream pipe_;
static pthread_t main_thread;

static void *carry_on(void *unused)
{
    (void)unused;
    pthread_join(main_thread, NULL);
    EXPECT_IN_PROGRESS(&blocked);
    feed(pipe_.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    int fd = temporary_file("file", O_RDWR, 4096);
    char bytes[100];
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0);
    SUBMIT_READ(&read_request);
    EXPECT_RESULT(&read_request, sizeof bytes);
    exit(0);
}

int main(void)
{
    claim_start();
    static char byte;
    pthread_t thread;
    main_thread = pthread_self();
    pipe_ = make_pipe();
    blocked = request(pipe_.reader, &byte, 1, 0);
    SUBMIT_READ(&blocked);
    start_thread(&thread, carry_on, NULL);
    pthread_exit(NULL);
}
