/* SPDX-License-Identifier: MIT */
/* A module that uses AIO: its calls, a pointer that is initialised with a function, and look-ups of its own. */
#include <aio.h>
#include <dlfcn.h>
#include <stddef.h>

int module_write(struct aiocb *request) { return aio_write(request); }
int module_read(struct aiocb *request) { return aio_read(request); }

static int (*volatile write_pointer)(struct aiocb *) = aio_write;
int module_write_through_pointer(struct aiocb *request) { return write_pointer(request); }

static int look_up_and_write(const char *library, const char *version, struct aiocb *request)
{
    void *handle = dlopen(library, RTLD_LAZY);
    if (handle == NULL)
        return -2;
    void *symbol = version != NULL ? dlvsym(handle, "aio_write", version) : dlsym(handle, "aio_write");
    return symbol != NULL ? ((int (*)(struct aiocb *))symbol)(request) : -3;
}

#if defined(__x86_64__)
#define OLDEST "GLIBC_2.2.5"
#elif defined(__i386__)
#define OLDEST "GLIBC_2.1"
#else
#define OLDEST "GLIBC_2.17"
#endif

int module_write_by_dlsym_of_libc(struct aiocb *request) { return look_up_and_write("libc.so.6", NULL, request); }
int module_write_by_dlvsym_of_libc(struct aiocb *request) { return look_up_and_write("libc.so.6", OLDEST, request); }
int module_write_by_dlsym_of_librt(struct aiocb *request) { return look_up_and_write("librt.so.1", NULL, request); }
