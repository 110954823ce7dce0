// SPDX-License-Identifier: MIT
// Reads of a pipe that end one after the other, for launcher_shows_statistics.py: one for each byte of its input, and one
// more that hangs. Says so each time. At the end of its input it forks where told to, and ends as told to: exit, _exit or
// kill.
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int file;

static void serve(void)
{
    static char buffer[100];
    struct aiocb block = {.aio_fildes = file, .aio_buf = buffer, .aio_nbytes = sizeof buffer};
    const struct aiocb *list[] = {&block};
    block.aio_sigevent.sigev_notify = SIGEV_NONE;
    if (aio_read(&block) != 0)
        abort();
    while (aio_error(&block) == EINPROGRESS)
        aio_suspend(list, 1, NULL);
    if (aio_return(&block) != sizeof buffer)
        abort();
}

int main(int count, char **arguments)
{
    static struct aiocb hanging;
    static char buffer[8];
    const char *end = count > 1 ? arguments[1] : "exit";
    int pipe_ends[2];
    char byte;
    file = open("/proc/self/exe", O_RDONLY);
    if (file < 0 || pipe(pipe_ends) != 0)
        return 99;
    if (strcmp(end, "idle") != 0) {
        hanging.aio_fildes = pipe_ends[0];
        hanging.aio_buf = buffer;
        hanging.aio_nbytes = sizeof buffer;
        hanging.aio_sigevent.sigev_notify = SIGEV_NONE;
        if (aio_read(&hanging) != 0)
            abort();
    }
    printf("ready\n");
    fflush(stdout);
    while (read(0, &byte, 1) == 1) {
        serve();
        printf("served\n");
        fflush(stdout);
    }
    if (strcmp(end, "fork") == 0) {
        const pid_t child = fork();
        if (child == 0) {
            serve();
            _exit(0);
        }
        waitpid(child, NULL, 0);
        printf("%d\n", (int)child);
        fflush(stdout);
    }
    if (strcmp(end, "kill") == 0)
        kill(getpid(), SIGKILL);
    if (strcmp(end, "_exit") == 0)
        _exit(0);
    return 0;
}
