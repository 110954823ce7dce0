/* SPDX-License-Identifier: MIT */
/* aio_suspend, and lio_listio with LIO_WAIT, give EINTR after a handler also while what they wait for, a read or a write, is
 * stuck at the storage.
 *
 * The requests are left at the storage: what glibc's lio_listio leaves behind when it is interrupted is another claim's, and a
 * leak checker could not stop the threads there. */
#include "interrupted_wait.h"
#include "slow_file.h"

static struct aiocb requests[4];

static int suspend(void *argument)
{
    const struct aiocb *list[] = {argument};
    return aio_suspend(list, 1, NULL);
}

static int wait_for_list(void *argument)
{
    struct aiocb *list[] = {argument};
    return lio_listio(LIO_WAIT, list, 1, NULL);
}

int main(void)
{
    claim_start();
    handle(SIGUSR1, count_interruption, 0);
    struct slow_file file = slow_file_start();
    int fd = slow_file_open(&file, O_RDWR);
    slow_file_hold(&file, 0, SLOW_FILE_SIZE);
    static char bytes[4][4096];
    for (int i = 0; i < 4; i++) {
        requests[i] = request(fd, bytes[i], 4096, 65536 * i);
        requests[i].aio_lio_opcode = i % 2 ? LIO_WRITE : LIO_READ;
        if (i < 2)
            CHECK_INT((i % 2 ? aio_write : aio_read)(&requests[i]), 0);
        struct interrupted_wait wait = {.wait = i < 2 ? suspend : wait_for_list, .argument = &requests[i]};
        atomic_store(&interruptions, 0);
        start_thread(&wait.thread, run_interrupted_wait, &wait);
        WAIT_UNTIL(atomic_load(&wait.tid) != 0);
        interrupt_until_it_ends(&wait);
        CHECK_INT(wait.result, -1);
        CHECK_INT(wait.error, EINTR);
        EXPECT_IN_PROGRESS(&requests[i]);
    }
    _exit(0);
}
