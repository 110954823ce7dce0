/* A shared object whose calls of getpid and close the tests of got_hook and hold replace. Built several ways: slots of
 * calls that are bound late, at load and read-only behind RELRO, or loaded as data (-fno-plt). */
#include <stdio.h>
#include <unistd.h>

int hooked_getpid(void)
{
    return (int)getpid();
}

int hooked_close(int fd)
{
    return close(fd);
}

int hooked_dup2(int from, int to)
{
    return dup2(from, to);
}

int hooked_fclose(FILE *stream)
{
    return fclose(stream);
}

void hooked_exit(int status)
{
    _exit(status);
}
