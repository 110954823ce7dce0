/* SPDX-License-Identifier: MIT */
/* In a list with notifications each request sends one signal, and the list's comes after all of them. */
#include "claim.h"

enum { COUNT = 20, ROUNDS = 30 };

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN);
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    for (int round = 0; round < ROUNDS; round++) {
        static char bytes[COUNT];
        struct aiocb requests[COUNT], *list[COUNT];
        for (int i = 0; i < COUNT; i++) {
            requests[i] = request(i % 4 == 3 ? pipe.reader : fd, &bytes[i], 1, i);
            requests[i].aio_lio_opcode = i % 4 == 1 ? LIO_WRITE : LIO_READ;
            notify_by_signal(&requests[i], SIGRTMIN, i);
            list[i] = &requests[i];
        }
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = COUNT};
        CHECK_INT(lio_listio(LIO_NOWAIT, list, COUNT, &event), 0);
        feed(pipe.writer, "xxxxx");
        int seen[COUNT] = {0};
        siginfo_t info;
        for (int i = 0; i < COUNT; i++) {
            CHECK(take_signal(SIGRTMIN, &info));
            CHECK(info.si_value.sival_int < COUNT);
            CHECK_INT(seen[info.si_value.sival_int]++, 0);
        }
        CHECK(take_signal(SIGRTMIN, &info));
        CHECK_INT(info.si_value.sival_int, COUNT);
        CHECK_INT(info.si_code, SI_ASYNCIO);
        for (int i = 0; i < COUNT; i++)
            EXPECT_RESULT(&requests[i], 1);
        CHECK(!signal_is_pending(SIGRTMIN));
    }
    return 0;
}
