/* SPDX-License-Identifier: MIT */
/* A library that does nothing but need libc: what the loader takes for any preload. */
#include <unistd.h>

pid_t startup_needs_libc(void)
{
    return getpid();
}
