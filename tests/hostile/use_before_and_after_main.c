/* SPDX-License-Identifier: MIT */
/* AIO is used before any constructor has run (.preinit_array), in constructors, in handlers of atexit and in destructors
 * of the program and of a library. Exit status 0: all of it worked; the numbers below say what did not. */
#include "early_and_late.h"

void early_and_late_use(void);

static void before_all(int count, char **arguments, char **environment)
{
    (void)count, (void)arguments, (void)environment;
    alarm(20); /* a hang is a failure */
    use_aio_or_exit(21);
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) = before_all;

__attribute__((constructor(101))) static void early(void) { use_aio_or_exit(22); }
__attribute__((constructor)) static void begin(void) { use_aio_or_exit(23); }
__attribute__((destructor)) static void end(void) { use_aio_or_exit(24); }
__attribute__((destructor(101))) static void late(void) { use_aio_or_exit(25); }
static void at_exit(void) { use_aio_or_exit(26); }

int main(void)
{
    atexit(at_exit);
    use_aio_or_exit(27);
    early_and_late_use();
    atexit(at_exit);
    return 0;
}
