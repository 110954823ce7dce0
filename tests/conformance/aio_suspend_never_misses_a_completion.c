/* SPDX-License-Identifier: MIT */
/* aio_suspend without a timeout returns for requests that complete just while it begins to wait: many rounds of cached reads,
 * writes and pipe reads, submitted in a window and awaited one by one. */
#include "claim.h"

enum { ROUNDS = 3000, WINDOW = 8 };

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 65536);
    struct stream pipe = make_pipe();
    static char bytes[WINDOW][64];
    struct aiocb requests[WINDOW];
    for (int i = 0; i < ROUNDS + WINDOW; i++) {
        struct aiocb *slot = &requests[i % WINDOW];
        if (i >= WINDOW) {
            const struct aiocb *list[] = {slot};
            while (aio_error(slot) == EINPROGRESS)
                CHECK_INT(aio_suspend(list, 1, NULL), 0);
            EXPECT_RESULT(slot, i % 3 == 2 && 0 ? 1 : (ssize_t)slot->aio_nbytes);
        }
        if (i >= ROUNDS)
            continue;
        *slot = request(i % 3 == 2 ? pipe.reader : fd, bytes[i % WINDOW], i % 3 == 2 ? 1 : 64, i % 1000);
        CHECK_INT((i % 3 == 1 ? aio_write : aio_read)(slot), 0);
        if (i % 3 == 2)
            feed(pipe.writer, "x");
    }
    return 0;
}
