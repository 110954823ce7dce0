/* A seccomp filter that refuses what a library might like to use (io_uring, kernel AIO, memfd, epoll, eventfd), entered by
 * all threads before the first request and with requests in flight: those complete, and new ones work. */
#include "hostile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

static bool enter_filter(void)
{
#define REFUSE(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(SYS_io_uring_setup), REFUSE(SYS_io_uring_enter), REFUSE(SYS_io_uring_register),
        REFUSE(SYS_io_setup), REFUSE(SYS_io_submit), REFUSE(SYS_memfd_create), REFUSE(SYS_epoll_create1), REFUSE(SYS_eventfd2),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    for (int is_warm = 0; is_warm < 2; is_warm++) {
        pid_t child = MUST(fork());
        if (child == 0) {
            struct waiting waiting;
            if (is_warm) {
                use_everything(fd);
                begin_waiting(&waiting);
            }
            if (!enter_filter())
                SKIP("no seccomp filter here");
            use_everything(fd);
            if (is_warm)
                end_waiting(&waiting);
            use_everything(fd);
            _exit(0);
        }
        wait_for_child(child);
    }
    return 0;
}
