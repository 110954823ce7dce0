/* SPDX-License-Identifier: MIT */
/* The library is brought into a running program by dlopen: calls bound before and not yet, pointers initialised with a
 * function, modules there already and loaded later in any scope, and look-ups all come to it. Built with slots that are
 * bound late, at start behind RELRO, without a table of calls, and at a fixed address. */
#include "loader.h"

static int (*const table[])(struct aiocb *) = {aio_write, aio_read};
static int (*variable)(struct aiocb *) = aio_write;

static void use_module(struct aiocb *request, void *module)
{
    SERVED(request, (int (*)(struct aiocb *))symbol_of(module, "module_write"));
    SERVED(request, (int (*)(struct aiocb *))symbol_of(module, "module_read"));
    SERVED(request, (int (*)(struct aiocb *))symbol_of(module, "module_write_through_pointer"));
    SERVED(request, (int (*)(struct aiocb *))symbol_of(module, "module_write_by_dlsym_of_libc"));
    SERVED(request, (int (*)(struct aiocb *))symbol_of(module, "module_write_by_dlvsym_of_libc"));
    SERVED(request, (int (*)(struct aiocb *))symbol_of(module, "module_write_by_dlsym_of_librt"));
}

int main(int count, char **arguments)
{
    claim_start();
    if (count != 3)
        SET_UP_FAILED("arguments: the module, another one");
    char bytes[100];
    int fd = temporary_file("file", O_RDWR, 4096);
    struct aiocb write_request = request(fd, bytes, sizeof bytes, 0), sync_request = request(fd, NULL, 0, 0);
    SUBMIT_WRITE(&write_request); /* binds this and what awaits it; aio_read and aio_fsync are not bound yet */
    EXPECT_RESULT(&write_request, sizeof bytes);
    void *early = load(arguments[1], RTLD_LAZY | RTLD_LOCAL);
    ((int (*)(struct aiocb *))symbol_of(early, "module_write"))(&write_request);
    EXPECT_RESULT(&write_request, sizeof bytes);

    void *library = bring_in(RTLD_NOW | RTLD_LOCAL);
    CHECK_INT(served(), 0);
    SERVED(&write_request, aio_write);
    SERVED(&write_request, table[0]);
    SERVED(&write_request, variable);
    struct aiocb read_request = request(fd, bytes, sizeof bytes, 0);
    SERVED(&read_request, aio_read);
    SERVED(&read_request, table[1]);
    int before = served();
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    EXPECT_RESULT(&sync_request, 0);
    CHECK_INT(served() - before, 1);
    use_module(&write_request, early);
    use_module(&write_request, load(arguments[2], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND));
    SERVED(&write_request, (int (*)(struct aiocb *))symbol_of(RTLD_DEFAULT, "aio_write64"));

    /* It stays, however often it is closed. */
    for (int i = 0; i < 3; i++)
        dlclose(library);
    SERVED(&write_request, aio_write);
    use_module(&write_request, early);
    return 0;
}
