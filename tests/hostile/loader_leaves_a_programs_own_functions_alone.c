/* SPDX-License-Identifier: MIT */
/* A program that defines and exports its own aio_write: its calls, and those of modules, go there as before; functions
 * that it does not define are the library's. */
#include "loader.h"

static int own_calls;

int aio_write(struct aiocb *request)
{
    (void)request;
    return ++own_calls;
}

int main(int count, char **arguments)
{
    claim_start();
    if (count != 3)
        SET_UP_FAILED("arguments: the module, another one");
    char bytes[100];
    struct aiocb any = request(temporary_file("file", O_RDWR, 4096), bytes, sizeof bytes, 0);
    void *early = load(arguments[1], RTLD_NOW | RTLD_LOCAL);
    bring_in(RTLD_NOW | RTLD_GLOBAL);
    void *late = load(arguments[2], RTLD_NOW | RTLD_LOCAL);
    CHECK_INT(aio_write(&any), 1);
    CHECK_INT(((int (*)(struct aiocb *))symbol_of(early, "module_write"))(&any), 2);
    CHECK_INT(((int (*)(struct aiocb *))symbol_of(late, "module_write"))(&any), 3);
    CHECK_INT(((int (*)(struct aiocb *))symbol_of(late, "module_write_through_pointer"))(&any), 4);
    CHECK_INT(served(), 0);
    SERVED(&any, aio_read);
    SERVED(&any, (int (*)(struct aiocb *))symbol_of(early, "module_read"));
    SERVED(&any, (int (*)(struct aiocb *))symbol_of(late, "module_read"));
    return 0;
}
