/* SPDX-License-Identifier: MIT */
/* vfork, posix_spawn and fork with exec, with requests in flight in the parent: the child runs, also if it closes the parent's
 * descriptors first, and the parent's requests are not disturbed. */
#include "hostile.h"

#include <spawn.h>

extern char **environ;
static char *arguments[] = {"true", NULL};

static void run(int way, struct waiting *waiting)
{
    pid_t child;
    posix_spawn_file_actions_t actions;
    switch (way) {
    case 0:
        child = vfork();
        if (child == 0) {
            execv("/bin/true", arguments);
            _exit(99);
        }
        break;
    case 1:
        child = vfork();
        if (child == 0) { /* its descriptors are its own, its memory is not */
            close(waiting->pipes[0].reader);
            dup2(waiting->pipes[0].writer, waiting->pipes[1].reader);
            execv("/bin/true", arguments);
            _exit(99);
        }
        break;
    case 2:
        child = vfork();
        if (child == 0)
            _exit(0);
        break;
    case 3:
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addclose(&actions, waiting->pipes[0].reader);
        posix_spawn_file_actions_adddup2(&actions, waiting->pipes[0].writer, waiting->pipes[1].reader);
        errno = posix_spawn(&child, "/bin/true", &actions, NULL, arguments, environ);
        if (errno != 0)
            SET_UP_FAILED("posix_spawn");
        break;
    case 4:
        CHECK_INT(system("exec true"), 0);
        return;
    default:
        child = fork();
        if (child == 0) {
            execv("/bin/true", arguments);
            _exit(99);
        }
    }
    wait_for_child(child);
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    char bytes[64];
    for (int way = 0; way < 6; way++) {
        struct waiting waiting;
        struct aiocb written = request(fd, bytes, sizeof bytes, 0), synced = request(fd, NULL, 0, 0);
        begin_waiting(&waiting);
        SUBMIT_WRITE(&written);
        CHECK_INT(aio_fsync(O_SYNC, &synced), 0);
        run(way, &waiting);
        EXPECT_RESULT(&written, sizeof bytes);
        EXPECT_RESULT(&synced, 0);
        use_everything(fd);
        end_waiting(&waiting);
    }
    return 0;
}
