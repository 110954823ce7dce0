/* setgid and setuid, chroot, unshare, and a seccomp filter that refuses what a library might like to use, all entered with
 * requests in flight: those complete, and new ones work. */
#include "hostile.h"

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>

/* Refuses io_uring, kernel AIO, memfd, eventfd and epoll, as containers do at times. */
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

static bool change_root(void) { return chroot(claim_directory) == 0 && chdir("/") == 0; }
static bool unshare_all(void) { return unshare(CLONE_FS | CLONE_FILES | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) == 0; }
static bool become_nobody(void) { return setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0; }

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct {
        const char *name;
        bool (*enter)(void);
    } steps[] = {{"filter", enter_filter}, {"chroot", change_root}, {"unshare", unshare_all}, {"setuid", become_nobody}};
    int tried = 0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (int is_warm = 0; is_warm < 2; is_warm++) {
            pid_t child = MUST(fork());
            if (child == 0) {
                struct waiting waiting;
                if (is_warm) {
                    use_everything(fd);
                    begin_waiting(&waiting);
                }
                if (!steps[i].enter())
                    _exit(CLAIM_SKIPPED);
                use_everything(fd);
                if (is_warm)
                    end_waiting(&waiting);
                use_everything(fd);
                _exit(0);
            }
            int status;
            MUST(waitpid(child, &status, 0));
            tried += status == 0;
            if (status != 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == CLAIM_SKIPPED))
                FAIL("%s %s: status %#x", steps[i].name, is_warm ? "with requests in flight" : "before the first", status);
        }
    if (tried == 0)
        SKIP("none of them is allowed here");
    return 0;
}
