/* SPDX-License-Identifier: MIT */
/* SIGEV_THREAD calls the function with its value, once for each request, read, write, sync, failed or blocked, and for a list;
 * the request is complete by then. */
#include "claim.h"

enum { COUNT = 6 };

static struct aiocb requests[COUNT];
static atomic_int calls[COUNT], list_calls;

static void note(union sigval value)
{
    CHECK(value.sival_int >= 0 && value.sival_int < COUNT);
    CHECK(aio_error(&requests[value.sival_int]) != EINPROGRESS);
    atomic_fetch_add(&calls[value.sival_int], 1);
}

static void note_list(union sigval value)
{
    CHECK_INT(value.sival_int, 77);
    for (int i = 4; i < COUNT; i++)
        CHECK_INT(atomic_load(&calls[i]) <= 1 && aio_error(&requests[i]) == 0, 1);
    atomic_fetch_add(&list_calls, 1);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct stream pipe = make_pipe();
    char bytes[COUNT] = "";
    int descriptors[COUNT] = {fd, fd, fd, -1, pipe.reader, fd};
    for (int i = 0; i < COUNT; i++) {
        requests[i] = request(descriptors[i], &bytes[i], 1, i);
        notify_by_thread(&requests[i], note, NULL);
        requests[i].aio_sigevent.sigev_value.sival_int = i;
    }
    SUBMIT_READ(&requests[0]);
    SUBMIT_WRITE(&requests[1]);
    CHECK_INT(aio_fsync(O_SYNC, &requests[2]), 0);
    SUBMIT_READ(&requests[3]);
    struct aiocb *list[] = {&requests[4], &requests[5]};
    requests[4].aio_lio_opcode = requests[5].aio_lio_opcode = LIO_READ;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = note_list, .sigev_value.sival_int = 77};
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 2, &event), 0);
    CHECK_INT(atomic_load(&calls[4]), 0);
    CHECK_INT(atomic_load(&list_calls), 0);
    feed(pipe.writer, "x");
    WAIT_UNTIL(atomic_load(&list_calls) == 1);
    for (int i = 0; i < COUNT; i++)
        WAIT_UNTIL(atomic_load(&calls[i]) == 1);
    NEVER(atomic_load(&list_calls) != 1);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(atomic_load(&calls[i]), 1);
    return 0;
}
