/* SPDX-License-Identifier: MIT */
/* aio_read of an empty pipe, FIFO, socket, eventfd or terminal returns at once; the request completes when the peer, which
 * does nothing before, has sent something. */
#include "claim.h"

#include <sys/eventfd.h>
#include <termios.h>

static void try_on(int reader, int writer, const char *message, size_t size)
{
    char bytes[64];
    struct aiocb read_request = request(reader, bytes, sizeof bytes, 0);
    SUBMIT_READ(&read_request);
    EXPECT_IN_PROGRESS(&read_request);
    CHECK_INT(write(writer, message, size), size);
    EXPECT_RESULT(&read_request, size);
    CHECK(memcmp(bytes, message, size) == 0);
}

int main(void)
{
    claim_start();
    struct stream pipe = make_pipe();
    try_on(pipe.reader, pipe.writer, "hello", 5);

    MUST(mkfifo(temporary_path("fifo"), 0600));
    int fifo = MUST(open(temporary_path("fifo"), O_RDWR));
    try_on(fifo, fifo, "hello", 5);

    int sockets[2];
    make_sockets(sockets);
    try_on(sockets[0], sockets[1], "hello", 5);
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets));
    try_on(sockets[0], sockets[1], "hello", 5);

    int event = MUST(eventfd(0, EFD_CLOEXEC));
    uint64_t count = 7;
    try_on(event, event, (const char *)&count, sizeof count);

    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master != -1 && grantpt(master) == 0 && unlockpt(master) == 0) {
        int terminal = MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
        struct termios raw;
        MUST(tcgetattr(terminal, &raw));
        cfmakeraw(&raw);
        MUST(tcsetattr(terminal, TCSANOW, &raw));
        try_on(terminal, master, "hello", 5);
    }
    return 0;
}
