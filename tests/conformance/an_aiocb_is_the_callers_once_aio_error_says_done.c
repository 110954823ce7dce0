/* SPDX-License-Identifier: MIT */
/* From the moment that aio_error no longer says EINPROGRESS the library touches the aiocb, the buffer and the list no more:
 * their memory may go away at once. */
#include "claim.h"

enum { ROUNDS = 1000 };

static int file, sockets[2];

static struct aiocb *in_own_pages(int fd, int i)
{
    struct aiocb *aiocb = MUST((struct aiocb *)mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    *aiocb = request(fd, (char *)aiocb + 4096, 1, 0);
    if (i % 3 == 1)
        notify_by_signal(aiocb, SIGRTMIN, i);
    return aiocb;
}

static void poll_and_unmap(struct aiocb *aiocb)
{
    double begin = claim_clock();
    for (unsigned polls = 1; aio_error(aiocb) == EINPROGRESS; polls++) {
        if (polls % 256 == 0)
            sched_yield(); /* a busy machine */
        if (claim_is_over(begin, 1))
            FAIL("a request does not complete");
    }
    munmap(aiocb, 8192);
}

int main(void)
{
    claim_start();
    signal(SIGRTMIN, SIG_IGN);
    file = temporary_file("file", O_RDWR, 4096);
    make_sockets(sockets);
    for (int i = 0; i < ROUNDS; i++) {
        struct aiocb *one = in_own_pages(file, i), *written = in_own_pages(file, i), *blocked = in_own_pages(sockets[0], i);
        SUBMIT_READ(one);
        SUBMIT_WRITE(written);
        SUBMIT_READ(blocked);
        feed(sockets[1], "x");
        poll_and_unmap(blocked);
        poll_and_unmap(written);
        poll_and_unmap(one);

        struct aiocb *listed[] = {in_own_pages(file, i), in_own_pages(file, i)};
        listed[0]->aio_lio_opcode = LIO_READ;
        listed[1]->aio_lio_opcode = LIO_WRITE;
        CHECK_INT(lio_listio(LIO_NOWAIT, listed, 2, NULL), 0);
        poll_and_unmap(listed[0]);
        poll_and_unmap(listed[1]);
    }
    return 0;
}
