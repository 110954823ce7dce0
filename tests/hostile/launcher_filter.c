/* SPDX-License-Identifier: MIT */
// launcher_filter WHAT PROGRAM ARGUMENTS: runs a program under a seccomp filter. contexts: kills on io_uring_setup and
// refuses io_setup with EPERM. writable: refuses to make memory writable with EACCES, but for threads' stacks.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count)
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)

static struct sock_filter contexts[] = {
    LOAD(nr),
    SKIP_UNLESS(SYS_io_uring_setup, 1),
    RETURN(SECCOMP_RET_KILL_PROCESS),
    SKIP_UNLESS(SYS_io_setup, 1),
    RETURN(SECCOMP_RET_ERRNO | EPERM),
    RETURN(SECCOMP_RET_ALLOW),
};

// The low word of an argument stands first where bytes are in little-endian order, as on all that this runs on. Only
// stacks are as large as this: what --deep makes writable is the C library's table of symbols at most (75 KiB, 50 KiB).
enum { LEAST_STACK = sizeof(void *) == 8 ? 77824 : 61440 };
static struct sock_filter writable[] = {
    LOAD(nr),
    SKIP_UNLESS(SYS_mprotect, 5),
    LOAD(args[1]),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, LEAST_STACK, 3, 0),
    LOAD(args[2]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 0, 1),
    RETURN(SECCOMP_RET_ERRNO | EACCES),
    RETURN(SECCOMP_RET_ALLOW),
};

int main(int count, char **arguments) {
  if (count < 3) return 99;
  struct sock_fprog program = {sizeof contexts / sizeof *contexts, contexts};
  if (strcmp(arguments[1], "writable") == 0) {
    program.len = sizeof writable / sizeof *writable;
    program.filter = writable;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 77;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 77;
  execv(arguments[2], arguments + 2);
  return 99;
}
