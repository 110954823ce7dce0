/* SPDX-License-Identifier: MIT */
/* deep_client MODULE WAY FILE: makes one request in a way that a preload does not reach, and prints who served it. */
#include "loader.h"

static int by_dlvsym_of_old_lists(struct aiocb *request)
{
#if defined(__x86_64__)
    int (*list_io)(int, struct aiocb *const[], int, struct sigevent *) =
        (int (*)(int, struct aiocb *const[], int, struct sigevent *))dlvsym(load("libc.so.6", RTLD_LAZY), "lio_listio",
                                                                            "GLIBC_2.2.5");
    struct aiocb *list[] = {request};
    block_signal(SIGRTMIN);
    notify_by_signal(request, SIGRTMIN, 1);
    request->aio_lio_opcode = LIO_WRITE;
    return list_io(LIO_WAIT, list, 1, NULL);
#else
    (void)request;
    SKIP("no such version on this machine");
#endif
}

int main(int count, char **arguments)
{
    if (count != 4)
        SET_UP_FAILED("arguments: MODULE WAY FILE");
    const char *way = arguments[2];
    char bytes[16] = "";
    int fd = MUST(open(arguments[3], O_RDWR | O_CREAT, 0600));
    enable_statistics = (int (*)(void))dlsym(RTLD_DEFAULT, "atomrt_enable_statistics");
    write_statistics = (int (*)(int))dlsym(RTLD_DEFAULT, "atomrt_write_statistics");
    if (enable_statistics != NULL)
        enable_statistics();
    struct aiocb write_request = request(fd, bytes, sizeof bytes, 0);
    int (*submit)(struct aiocb *);
    if (strncmp(way, "deepbind", 8) == 0) {
        if (strcmp(way, "deepbind-behind-librt") == 0)
            load("librt.so.1", RTLD_LAZY);
        int when = strcmp(way, "deepbind-now") == 0 ? RTLD_NOW : RTLD_LAZY;
        const char *name = strcmp(way, "deepbind-pointer") == 0 ? "module_write_through_pointer" : "module_write";
        submit = (int (*)(struct aiocb *))symbol_of(load(arguments[1], when | RTLD_LOCAL | RTLD_DEEPBIND), name);
    } else if (strcmp(way, "old-lists") == 0) {
        submit = by_dlvsym_of_old_lists;
    } else {
        submit = (int (*)(struct aiocb *))symbol_of(load(arguments[1], RTLD_LAZY | RTLD_LOCAL), way);
    }
    CHECK_INT(submit(&write_request), 0);
    /* RTLD_DEFAULT is found by any preload, and reads the aiocb only. */
    EXPECT_RESULT(&write_request, sizeof bytes);
    bool is_served = write_statistics != NULL && served() == 1;
    if (strcmp(way, "old-lists") == 0 && is_served)
        CHECK(!signal_is_pending(SIGRTMIN));
    puts(is_served ? "atomrt" : "glibc");
    return 0;
}
