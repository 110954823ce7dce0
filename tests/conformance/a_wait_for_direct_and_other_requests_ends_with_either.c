/* SPDX-License-Identifier: MIT */
/* aio_suspend for an O_DIRECT request and one on a pipe ends with whichever completes first; lio_listio with LIO_WAIT with both. */
#include "slow_direct.h"

static struct aiocb direct, blocked;

static int wait_for_either(void *unused)
{
    const struct aiocb *list[] = {&direct, NULL, &blocked};
    (void)unused;
    return aio_suspend(list, 3, NULL);
}

static int wait_for_both(void *unused)
{
    struct aiocb *list[] = {&direct, &blocked};
    (void)unused;
    return lio_listio(LIO_WAIT, list, 2, NULL);
}

int main(void)
{
    claim_start();
    slow_direct_start();
    struct stream pipe = make_pipe();
    char byte;
    for (int round = 0; round < 8; round++) {
        bool lists = round % 4 >= 2, disk_first = round % 2;
        hold_disk();
        direct = disk_write(0), blocked = request(pipe.reader, &byte, 1, 0);
        direct.aio_lio_opcode = LIO_WRITE, blocked.aio_lio_opcode = LIO_READ;
        if (!lists) {
            SUBMIT_WRITE(&direct);
            SUBMIT_READ(&blocked);
        }
        struct interrupted_wait wait = {.wait = lists ? wait_for_both : wait_for_either};
        begin_wait(&wait);
        AWAIT_HELD(&slow_storage, 1);
        if (disk_first)
            release_disk();
        else
            feed(pipe.writer, "x");
        if (lists)
            WAIT_UNTIL(is_asleep(atomic_load(&wait.tid)));
        else
            end_wait(&wait);
        if (disk_first) {
            EXPECT_RESULT(&direct, SLOW_SIZE);
            EXPECT_IN_PROGRESS(&blocked);
            feed(pipe.writer, "x");
        } else {
            EXPECT_RESULT(&blocked, 1);
            EXPECT_IN_PROGRESS(&direct);
            release_disk();
        }
        if (lists)
            end_wait(&wait);
        CHECK_INT(wait.result, 0);
        EXPECT_RESULT(&direct, SLOW_SIZE);
        EXPECT_RESULT(&blocked, 1);
    }
    return 0;
}
