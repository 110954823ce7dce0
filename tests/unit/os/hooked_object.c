/* SPDX-License-Identifier: MIT */
/* A shared object whose calls of getpid and close the tests of got_hook and hold replace. Built several ways: slots of
 * calls that are bound late, at load and read-only behind RELRO, or loaded as data (-fno-plt). */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int hooked_getpid(void)
{
    return (int)getpid();
}

pid_t (*volatile hooked_pointer)(void) = getpid;
extern pid_t (*const hooked_constant)(void);
pid_t (*const hooked_constant)(void) = getpid; /* read-only once it is relocated */

int hooked_close(int fd)
{
    return close(fd);
}

int hooked_dup2(int from, int to)
{
    return dup2(from, to);
}

int hooked_close_range(unsigned first, unsigned last, int flags)
{
    return close_range(first, last, flags);
}

void hooked_closefrom(int lowest)
{
    closefrom(lowest);
}

/* A child that shares its parent's memory closes a descriptor, as programs do before they exec. */
int hooked_close_in_vfork(int fd)
{
    int status = 0;
    pid_t child = vfork();
    if (child == 0)
        _exit(close(fd) == 0 ? 0 : 1);
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

int hooked_fclose(FILE *stream)
{
    return fclose(stream);
}

void hooked_exit(int status)
{
    _exit(status);
}
