/* SPDX-License-Identifier: MIT */
/* exit, _exit, the return of main, the last thread's pthread_exit, abort and exec, with requests that will never complete:
 * each happens at once and as it would without them. */
#include "hostile.h"

static void leave(int way)
{
    char *arguments[] = {"sh", "-c", "exit 5", NULL};
    switch (way) {
    case 0:
        exit(5);
    case 1:
        _exit(5);
    case 2:
        execv("/bin/sh", arguments);
        _exit(99);
    case 3:
        quick_exit(5);
    case 4:
        abort();
    case 5:
        raise(SIGTERM);
    }
}

static void *leave_in_a_thread(void *argument)
{
    leave((int)(intptr_t)argument);
    return NULL;
}

int main(void)
{
    claim_start();
    int fd = temporary_file("file", O_RDWR, 4096);
    for (int way = 0; way < 6; way++)
        for (int in_thread = 0; in_thread < 2; in_thread++) {
            pid_t child = MUST(fork());
            if (child == 0) {
                static struct waiting waiting; /* the other threads of this process use it to the end */
                static char bytes[64];
                static struct aiocb written, synced;
                begin_waiting(&waiting);
                written = request(fd, bytes, sizeof bytes, 0), synced = request(fd, NULL, 0, 0);
                SUBMIT_WRITE(&written);
                CHECK_INT(aio_fsync(O_SYNC, &synced), 0);
                if (!in_thread)
                    leave(way);
                pthread_t thread;
                start_thread(&thread, leave_in_a_thread, (void *)(intptr_t)way);
                pthread_join(thread, NULL);
                _exit(98);
            }
            int status = 0;
            double begin = claim_clock();
            while (waitpid(child, &status, WNOHANG) == 0) {
                if (claim_is_over(begin, 1))
                    FAIL("way %d hangs", way);
                claim_pause();
            }
            if (way == 4)
                CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
            else if (way == 5)
                CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
            else
                CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
        }
    return 0;
}
