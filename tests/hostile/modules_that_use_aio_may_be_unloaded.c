/* SPDX-License-Identifier: MIT */
/* A module makes requests and is unloaded while they are in flight; loaded again, it makes more. Its code is not needed
 * by them, and the library stays whole. */
#include "hostile.h"

#include <dlfcn.h>

int main(int count, char **arguments)
{
    claim_start();
    if (count != 2)
        SET_UP_FAILED("arguments: the module");
    int fd = temporary_file("file", O_RDWR, 4096);
    char bytes[64];
    for (int round = 0; round < 5; round++) {
        struct stream pipe = make_pipe();
        struct aiocb blocked = request(pipe.reader, bytes, 1, 0), behind = request(pipe.reader, bytes + 1, 1, 0);
        struct aiocb written = request(fd, bytes, sizeof bytes, 0);
        void *module = dlopen(arguments[1], round % 2 ? RTLD_NOW : RTLD_LAZY);
        if (module == NULL)
            SET_UP_FAILED(dlerror());
        int (*read_function)(struct aiocb *) = (int (*)(struct aiocb *))dlsym(module, "module_read");
        int (*write_function)(struct aiocb *) = (int (*)(struct aiocb *))dlsym(module, "module_write");
        if (round % 2 == 0) /* the first use of the process may be the module's */
            notify_by_signal(&blocked, SIGRTMIN, round);
        block_signal(SIGRTMIN);
        CHECK_INT(read_function(&blocked), 0);
        CHECK_INT(read_function(&behind), 0);
        CHECK_INT(write_function(&written), 0);
        dlclose(module);
        CHECK(dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) == NULL);
        close(pipe.reader); /* the closing calls of this object were seen before and after */
        feed(pipe.writer, "xy");
        EXPECT_RESULT(&blocked, 1);
        EXPECT_RESULT(&behind, 1);
        EXPECT_RESULT(&written, sizeof bytes);
        if (round % 2 == 0) {
            siginfo_t info;
            CHECK(take_signal(SIGRTMIN, &info));
            CHECK_INT(info.si_value.sival_int, round);
        }
        close(pipe.writer);
        use_everything(fd);
    }
    return 0;
}
