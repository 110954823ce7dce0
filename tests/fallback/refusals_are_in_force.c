/* SPDX-License-Identifier: MIT */
/* Each refusal of filters.h refuses what it names, by that error, and leaves the rest alone: that proves the other tests. */
#include "filters.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/* errno of a call whose arguments are no good: anything but `error` means that the kernel has looked at them. */
static int error_of(long number)
{
    errno = 0;
    return syscall(number, -1L, 0L, 0L, 0L, 0L, 0L) == -1 ? errno : 0;
}

/* glibc's functions have an answer of their own to ENOSYS. */
static int error_of_transfer(int fd, int flags, bool writes)
{
    char byte = 'x';
    struct iovec part = {&byte, 1};
    errno = 0;
    return syscall(writes ? SYS_pwritev2 : SYS_preadv2, fd, &part, 1L, 0L, 0L, flags) == 1 ? 0 : errno;
}

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s: not so: %s\n", refusal->name, #condition);                                            \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static void look(const struct refusal *refusal)
{
    static const struct {
        long number;
        int of;
    } aio_calls[] = {
        {SYS_io_submit, KERNEL_AIO | AIO_SUBMIT}, {SYS_io_destroy, KERNEL_AIO}, {SYS_io_getevents, KERNEL_AIO},
        {SYS_io_cancel, KERNEL_AIO}, {SYS_io_pgetevents, KERNEL_AIO | AIO_WAIT},
    };
    int fd = memfd_create("file", 0);
    if (fd == -1 || write(fd, "text", 4) != 4)
        _exit(99);
    if (!take_on(refusal))
        _exit(77);
    const bool rings = (refusal->refused & IO_URING) != 0;
    const bool nowait = (refusal->refused & NOWAIT) != 0;
    for (size_t i = 0; i < sizeof aio_calls / sizeof *aio_calls; i++)
        EXPECT((error_of(aio_calls[i].number) == refusal->error) == ((refusal->refused & aio_calls[i].of) != 0));
    EXPECT(!nowait || error_of_transfer(fd, RWF_NOWAIT, false) == refusal->error);
    EXPECT(!nowait || error_of_transfer(fd, RWF_NOWAIT, true) == refusal->error);
    EXPECT(error_of_transfer(fd, 0, false) == 0);
    EXPECT(error_of_transfer(fd, 0, true) == 0);
    if (refusal->refused == LOCKED_MEMORY) {
        struct rlimit limit;
        EXPECT(getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == 0);
    }
    EXPECT(!rings || refusal->error == 0 || error_of(SYS_io_uring_setup) == refusal->error);
    if (rings && refusal->error == 0)
        error_of(SYS_io_uring_setup);
    _exit(0);
}

int main(void)
{
    int failed = 0;
    for (int i = 0; i < REFUSALS; i++) {
        fflush(NULL);
        const pid_t child = fork();
        if (child == 0)
            look(&refusals[i]);
        int status;
        if (child == -1 || waitpid(child, &status, 0) != child)
            return 99;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            return 77;
        const bool kills = refusals[i].error == 0;
        const bool is_right = kills ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS : WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (!is_right)
            fprintf(stderr, "%s: wait status %#x\n", refusals[i].name, status);
        failed += !is_right;
    }
    return failed != 0;
}
