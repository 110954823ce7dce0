/* SPDX-License-Identifier: MIT */
/* A seccomp filter that refuses what a library might like to use (io_uring, kernel AIO, memfd, epoll, eventfd), entered by
 * all threads before the first request and with requests in flight, of streams and of the disk: those complete, and new
 * ones work. */
#include "hostile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

enum { AT_DISK = 64, ERRNOS = 2 };

static int errnos[ERRNOS] = {EPERM, ENOSYS};

static bool enter_filter(int error)
{
#define REFUSE(number)                                    \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(SYS_io_uring_setup), REFUSE(SYS_io_uring_enter), REFUSE(SYS_io_uring_register),
        REFUSE(SYS_io_setup), REFUSE(SYS_io_submit), REFUSE(SYS_io_getevents), REFUSE(SYS_io_pgetevents),
        REFUSE(SYS_memfd_create), REFUSE(SYS_epoll_create1), REFUSE(SYS_eventfd2),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

/* Reads of blocks that hold their own number; nothing is in memory. */
static struct aiocb reads[AT_DISK];
static uint32_t *blocks;

static void write_blocks(int fd)
{
    for (uint32_t i = 0; i < AT_DISK; i++) {
        blocks[i * BLOCK / sizeof *blocks] = i + 1;
    }
    CHECK_INT(pwrite(fd, blocks, AT_DISK * BLOCK, 0), AT_DISK * BLOCK);
    MUST(fsync(fd));
}

static void begin_reads(int buffered, int direct)
{
    memset(blocks, 0, AT_DISK * BLOCK);
    posix_fadvise(buffered, 0, 0, POSIX_FADV_DONTNEED);
    for (int i = 0; i < AT_DISK; i++) {
        reads[i] = request(i % 2 != 0 && direct != -1 ? direct : buffered, (char *)blocks + i * BLOCK, BLOCK, i * BLOCK);
        SUBMIT_READ(&reads[i]);
    }
}

static void end_reads(void)
{
    for (int i = 0; i < AT_DISK; i++) {
        EXPECT_RESULT(&reads[i], BLOCK);
        CHECK_INT(blocks[(size_t)i * BLOCK / sizeof *blocks], i + 1);
    }
}

static void go_through_filter(int error, bool is_warm, int buffered, int direct)
{
    struct waiting waiting;
    if (is_warm) {
        use_everything(buffered);
        write_blocks(buffered);
        begin_waiting(&waiting);
        begin_reads(buffered, direct);
    }
    if (!enter_filter(error))
        SKIP("no seccomp filter here");
    if (is_warm)
        end_reads();
    use_everything(buffered);
    if (is_warm)
        end_waiting(&waiting);
    write_blocks(buffered);
    begin_reads(buffered, direct);
    end_reads();
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, AT_DISK * BLOCK);
    int direct = open_direct(fd);
    blocks = MUST((uint32_t *)mmap(NULL, AT_DISK * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    for (int i = 0; i < 2 * ERRNOS; i++) {
        pid_t child = MUST(fork());
        if (child == 0) {
            go_through_filter(errnos[i / 2], i % 2 != 0, fd, direct);
            _exit(0);
        }
        wait_for_child(child);
    }
    return 0;
}
