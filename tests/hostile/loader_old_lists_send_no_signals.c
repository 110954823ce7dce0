/* SPDX-License-Identifier: MIT */
/* A reference to lio_listio as it was before glibc 2.4, whose entries send no notification of their own, keeps that rule
 * when the library is brought in; the present one keeps its own. */
#include "loader.h"

#if defined(__x86_64__) || defined(__i386__)
#ifdef __x86_64__
#define OLDEST "GLIBC_2.2.5"
#else
#define OLDEST "GLIBC_2.1"
#endif
extern int old_listio(int, struct aiocb *const[], int, struct sigevent *);
__asm__(".symver old_listio,lio_listio@" OLDEST);

/* One entry that asks for a signal; the list asks for another. Each call loads the slot anew. */
static void run(bool is_old)
{
    char byte;
    struct aiocb entry = request(temporary_file("file", O_RDWR, 16), &byte, 1, 0), *list[] = {&entry};
    entry.aio_lio_opcode = LIO_READ;
    notify_by_signal(&entry, SIGRTMIN, 1);
    struct sigevent of_list = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1};
    CHECK_INT(is_old ? old_listio(LIO_NOWAIT, list, 1, &of_list) : lio_listio(LIO_NOWAIT, list, 1, &of_list), 0);
    EXPECT_RESULT(&entry, 1);
    siginfo_t info;
    CHECK(take_signal(SIGRTMIN + 1, &info)); /* comes after those of the entries */
    CHECK_INT(signal_is_pending(SIGRTMIN), !is_old);
    if (!is_old)
        CHECK(take_signal(SIGRTMIN, &info));
    close(entry.aio_fildes);
}

int main(void)
{
    claim_start();
    block_signal(SIGRTMIN), block_signal(SIGRTMIN + 1);
    run(false);
    bring_in(RTLD_NOW);
    run(true);
    run(false);
    CHECK_INT(served(), 2);
    return 0;
}
#else
int main(void)
{
    SKIP("no such version on this machine");
}
#endif
