/* SPDX-License-Identifier: MIT */
/* setgid and setuid, chroot and unshare with requests in flight: those complete, and new ones work. (Not CLONE_FILES: then
 * threads have descriptors of their own, and those of the library can't know what the program opens.) */
#include "hostile.h"

#include <grp.h>
#include <sched.h>

static bool change_root(void) { return chroot(claim_directory) == 0 && chdir("/") == 0; }
static bool unshare_all(void) { return unshare(CLONE_FS | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC) == 0; }
static bool become_nobody(void) { return setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0; }

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    struct {
        const char *name;
        bool (*enter)(void);
    } steps[] = {{"chroot", change_root}, {"unshare", unshare_all}, {"setuid", become_nobody}};
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
