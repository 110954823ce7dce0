/* SPDX-License-Identifier: MIT */
/* A descriptor number whose requests are over may come to mean something else, with the same flags, and requests are
 * then for that. */
#include "claim.h"

static const char *pipe_path;

static void close_and_open(int number, int other)
{
    (void)other;
    MUST(close(number));
    CHECK_INT(open(pipe_path, O_RDWR), number);
}

static void close_stream_and_open(int number, int other)
{
    (void)other;
    FILE *stream = fdopen(number, "r+");
    CHECK(stream != NULL);
    fclose(stream);
    CHECK_INT(open(pipe_path, O_RDWR), number);
}

static void close_range_and_open(int number, int other)
{
    (void)other;
    if (close_range((unsigned)number, (unsigned)number, 0) != 0)
        MUST(close(number));
    CHECK_INT(open(pipe_path, O_RDWR), number);
}

static void replace(int number, int other)
{
    MUST(dup2(other, number));
}

static void replace_anew(int number, int other)
{
    MUST(dup3(other, number, O_CLOEXEC));
}

int main(void)
{
    claim_start();
    void (*const ways[])(int, int) = {close_and_open, close_stream_and_open, close_range_and_open, replace, replace_anew};
    pipe_path = strdup(temporary_path("pipe"));
    MUST(mkfifo(pipe_path, 0600));
    int other = MUST(open(pipe_path, O_RDWR));
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        int number = temporary_file("file", O_RDWR, 4096);
        char byte = 'f';
        struct aiocb write = request(number, &byte, 1, 4095), sync = request(number, NULL, 0, 0);
        SUBMIT_WRITE(&write);
        EXPECT_RESULT(&write, 1);
        CHECK_INT(aio_fsync(O_SYNC, &sync), 0);
        EXPECT_RESULT(&sync, 0);
        ways[i](number, other);
        struct aiocb read = request(number, &byte, 1, 4095);
        SUBMIT_READ(&read);
        EXPECT_IN_PROGRESS(&read);
        feed(other, "p");
        EXPECT_RESULT(&read, 1);
        CHECK_INT(byte, 'p');
        close(number);
    }
    return 0;
}
