/* SPDX-License-Identifier: MIT */
/* In a program at a fixed address whose code takes the address of a function, that address is a stub of the program's own,
 * for every library too. The functions that close descriptors work as before, called and through such a pointer, and
 * requests keep their files. */
#include "hostile.h"

static int (*volatile close_pointer)(int);
static int (*volatile dup2_pointer)(int, int);
static int (*volatile dup3_pointer)(int, int, int);
static int (*volatile close_range_pointer)(unsigned, unsigned, int);
static void (*volatile closefrom_pointer)(int);
static int (*volatile fclose_pointer)(FILE *);
static FILE *(*volatile freopen_pointer)(const char *, const char *, FILE *);

static int other;

static void close_number(int number, bool by_pointer)
{
    MUST(by_pointer ? close_pointer(number) : close(number));
}

static void dup2_over(int number, bool by_pointer)
{
    CHECK_INT(by_pointer ? dup2_pointer(other, number) : dup2(other, number), number);
}

static void dup3_over(int number, bool by_pointer)
{
    CHECK_INT(by_pointer ? dup3_pointer(other, number, O_CLOEXEC) : dup3(other, number, O_CLOEXEC), number);
}

static void close_range_of(int number, bool by_pointer)
{
    unsigned first = (unsigned)number;
    MUST(by_pointer ? close_range_pointer(first, first, 0) : close_range(first, first, 0));
}

static void closefrom_on(int number, bool by_pointer)
{
    by_pointer ? closefrom_pointer(number) : closefrom(number);
}

static void close_stream(int number, bool by_pointer)
{
    FILE *stream = MUST(fdopen(number, "r"));
    CHECK_INT(by_pointer ? fclose_pointer(stream) : fclose(stream), 0);
}

static void reopen_stream(int number, bool by_pointer)
{
    FILE *stream = MUST(fdopen(number, "r"));
    stream = MUST(by_pointer ? freopen_pointer("/dev/null", "r", stream) : freopen("/dev/null", "r", stream));
    fclose(stream);
}

int main(void)
{
    claim_start();
    close_pointer = close, dup2_pointer = dup2, dup3_pointer = dup3, close_range_pointer = close_range;
    closefrom_pointer = closefrom, fclose_pointer = fclose, freopen_pointer = freopen;
    void (*const ways[])(int, bool) = {close_number, dup2_over,    dup3_over,    close_range_of,
                                       close_stream, reopen_stream, closefrom_on};
    other = MUST(open("/dev/null", O_RDWR));
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        for (int by_pointer = 0; by_pointer <= 1; by_pointer++) {
            struct stream pipe = make_pipe();
            int number = MUST(fcntl(pipe.reader, F_DUPFD, 50));
            char byte = 0;
            struct aiocb read = request(number, &byte, 1, 0);
            SUBMIT_READ(&read);
            EXPECT_IN_PROGRESS(&read);
            ways[i](number, by_pointer);
            feed(pipe.writer, "x");
            EXPECT_RESULT(&read, 1);
            CHECK_INT(byte, 'x');
            dup2(other, number);
            close(number);
            close(pipe.reader);
            close(pipe.writer);
        }
    }
    return 0;
}
