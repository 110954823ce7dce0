// SPDX-License-Identifier: MIT
/* filters.h: what a kernel, a container or an administrator may refuse, by name: as a seccomp filter, or a limit, that the
 * process takes on before it becomes another program. Raw BPF: nothing but the kernel's headers. */
#ifndef FALLBACK_FILTERS_H
#define FALLBACK_FILTERS_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_IPC_LOCK
#define CAP_IPC_LOCK 14
#endif

enum refused { IO_URING = 1, KERNEL_AIO = 2, NOWAIT = 4, LOCKED_MEMORY = 8, AIO_SUBMIT = 16, AIO_WAIT = 32 };

struct refusal {
    const char *name;
    int refused;
    int error;            /* 0: the process is killed */
    const char *contexts; /* ATOMRT_CONTEXTS; a ring that is named is tried also under a filter */
};

#define ALL_CONTEXTS "head,waiter,direct,ring,threads"

static const struct refusal refusals[] = {
    {"io_uring-eperm", IO_URING, EPERM, ALL_CONTEXTS},
    {"io_uring-enosys", IO_URING, ENOSYS, ALL_CONTEXTS},
    {"io_uring-kills", IO_URING, 0, NULL},
    {"kernel_aio-eperm", KERNEL_AIO, EPERM, ALL_CONTEXTS},
    {"kernel_aio-enosys", KERNEL_AIO, ENOSYS, ALL_CONTEXTS},
    {"io_submit-eperm", AIO_SUBMIT, EPERM, ALL_CONTEXTS},
    {"io_pgetevents-enosys", AIO_WAIT, ENOSYS, ALL_CONTEXTS},
    {"both-eperm", IO_URING | KERNEL_AIO, EPERM, ALL_CONTEXTS},
    {"both-enosys", IO_URING | KERNEL_AIO, ENOSYS, ALL_CONTEXTS},
    {"nowait-eopnotsupp", NOWAIT, EOPNOTSUPP, ALL_CONTEXTS},
    {"nowait-enosys", NOWAIT, ENOSYS, ALL_CONTEXTS},
    {"memlock-0", LOCKED_MEMORY, EPERM, ALL_CONTEXTS},
};
enum { REFUSALS = sizeof refusals / sizeof *refusals };

static inline const struct refusal *refusal_named(const char *name)
{
    for (int i = 0; i < REFUSALS; i++)
        if (strcmp(refusals[i].name, name) == 0)
            return &refusals[i];
    return NULL;
}

/* For this process and what it becomes. False, with errno: this process may not. */
static inline bool take_on(const struct refusal *refusal)
{
    static const struct {
        unsigned number;
        int of; /* any of them */
        bool with_flags_only; /* the sixth argument of preadv2 and pwritev2 */
    } calls[] = {
        {SYS_io_uring_setup, IO_URING, false}, {SYS_io_uring_enter, IO_URING, false},
        {SYS_io_uring_register, IO_URING, false},
        {SYS_io_setup, KERNEL_AIO, false}, {SYS_io_submit, KERNEL_AIO | AIO_SUBMIT, false},
        {SYS_io_getevents, KERNEL_AIO, false}, {SYS_io_pgetevents, KERNEL_AIO | AIO_WAIT, false},
        {SYS_io_destroy, KERNEL_AIO, false}, {SYS_io_cancel, KERNEL_AIO, false},
        {SYS_preadv2, NOWAIT, true}, {SYS_pwritev2, NOWAIT, true},
    };
    if (refusal->refused == LOCKED_MEMORY)
        /* The superuser has no such limit as long as it has the capability. */
        return setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}) == 0 &&
               (geteuid() != 0 || prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0, 0, 0) == 0);

    struct sock_filter filter[64];
    unsigned short length = 0;
    const unsigned verdict = refusal->error == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | (unsigned)refusal->error;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if ((calls[i].of & refusal->refused) == 0)
            continue;
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
        if (calls[i].with_flags_only) {
            filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 3);
            filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5]));
            filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
        } else {
            filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number, 0, 1);
        }
        filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict);
    }
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {length, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#endif
