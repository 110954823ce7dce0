/* A seccomp filter that refuses statx, entered between two requests on a descriptor that stays the same: the second asks
 * nothing that the first has asked. */
#include "hostile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

static bool refuse_statx(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

static void write_and_sync(int fd)
{
    char bytes[100] = "";
    struct aiocb write = request(fd, bytes, sizeof bytes, 0), sync = request(fd, NULL, 0, 0);
    SUBMIT_WRITE(&write);
    EXPECT_RESULT(&write, sizeof bytes);
    CHECK_INT(aio_fsync(O_SYNC, &sync), 0);
    EXPECT_RESULT(&sync, 0);
}

int main(void)
{
    claim_start();
    /* O_DSYNC: no write ends in its submitter, of which nothing would be known afterwards. */
    int fd = temporary_file("file", O_RDWR | O_DSYNC, BLOCK);
    write_and_sync(fd);
    if (!refuse_statx())
        SKIP("no seccomp filter here");
    write_and_sync(fd);
    return 0;
}
