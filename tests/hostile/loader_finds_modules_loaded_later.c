/* SPDX-License-Identifier: MIT */
/* A module that is loaded after the library was brought in, lazily or not, and in a scope of its own, comes to it; also
 * when the module was unloaded and is loaded again. */
#include "loader.h"

int main(int count, char **arguments)
{
    claim_start();
    if (count != 3)
        SET_UP_FAILED("arguments: the module, another one");
    char bytes[100];
    struct aiocb write_request = request(temporary_file("file", O_RDWR, 4096), bytes, sizeof bytes, 0);
    bring_in(RTLD_LAZY | RTLD_GLOBAL);
    for (int round = 0; round < 3; round++)
        for (int which = 1; which <= 2; which++) {
            void *module = load(arguments[which], (round == 1 ? RTLD_NOW : RTLD_LAZY) | RTLD_LOCAL);
            SERVED(&write_request, (int (*)(struct aiocb *))symbol_of(module, "module_write"));
            SERVED(&write_request, (int (*)(struct aiocb *))symbol_of(module, "module_write_through_pointer"));
            dlclose(module);
        }
    return 0;
}
