/* SPDX-License-Identifier: MIT */
/* A descriptor number that meant a file opened with O_DIRECT may come to mean a pipe that has O_DIRECT, too (its packet
 * mode), and requests are then for that: they wait for the peer, keep their order, and raise no SIGPIPE. */
#include "claim.h"

enum { SIZE = 4096 };

static struct stream make_packet_pipe(void)
{
    int ends[2];
    MUST(pipe2(ends, O_DIRECT | O_CLOEXEC));
    return (struct stream){ends[0], ends[1]};
}

/* Opened by its name, as files are. */
static struct stream make_packet_fifo(void)
{
    const char *path = temporary_path("fifo");
    MUST(mkfifo(path, 0600));
    int reader = MUST(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    int writer = MUST(open(path, O_WRONLY | O_CLOEXEC));
    MUST(unlink(path));
    fcntl(reader, F_SETFL, O_DIRECT); /* Linux 4.5 */
    fcntl(writer, F_SETFL, O_DIRECT);
    set_nonblocking(reader, false);
    return (struct stream){reader, writer};
}

static int used_number(void)
{
    static _Alignas(SIZE) char bytes[SIZE];
    int number = temporary_file("file", O_RDWR | O_DIRECT, 2 * SIZE);
    for (int i = 0; i < 4; i++) {
        struct aiocb write = request(number, bytes, SIZE, SIZE), read = request(number, bytes, SIZE, SIZE);
        SUBMIT_WRITE(&write);
        EXPECT_RESULT(&write, SIZE);
        SUBMIT_READ(&read);
        EXPECT_RESULT(&read, SIZE);
    }
    return number;
}

static void reads_wait_in_order(struct stream stream)
{
    int number = used_number();
    MUST(dup2(stream.reader, number));
    char one[8] = "", two[8] = "";
    struct aiocb first = request(number, one, sizeof one, 0), second = request(number, two, sizeof two, 0);
    SUBMIT_READ(&first);
    SUBMIT_READ(&second);
    EXPECT_IN_PROGRESS(&first);
    feed(stream.writer, "1");
    EXPECT_RESULT(&first, 1);
    EXPECT_IN_PROGRESS(&second);
    feed(stream.writer, "2");
    EXPECT_RESULT(&second, 1);
    CHECK_INT(one[0], '1');
    CHECK_INT(two[0], '2');
    feed(stream.writer, "3");
    struct aiocb ready = request(number, one, sizeof one, 0);
    SUBMIT_READ(&ready);
    EXPECT_RESULT(&ready, 1);
    CHECK_INT(one[0], '3');
    close(number);
}

static void writes_reach_the_reader_or_fail(struct stream stream)
{
    int number = used_number();
    MUST(dup2(stream.writer, number));
    close(stream.writer);
    char byte = 'w';
    struct aiocb write = request(number, &byte, 1, 0);
    SUBMIT_WRITE(&write);
    EXPECT_RESULT(&write, 1);
    drain(stream.reader, 1);
    close(stream.reader);
    struct aiocb broken = request(number, &byte, 1, 0);
    SUBMIT_WRITE(&broken);
    EXPECT_ERROR(&broken, EPIPE);
    close(number);
}

int main(void)
{
    claim_start();
    struct stream (*const kinds[])(void) = {make_packet_pipe, make_packet_fifo};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct stream stream = kinds[i]();
        reads_wait_in_order(stream);
        writes_reach_the_reader_or_fail(stream);
    }
    return 0;
}
