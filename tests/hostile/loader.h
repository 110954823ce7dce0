// SPDX-License-Identifier: MIT
/* Helpers of the tests of the loader: programs that are linked with glibc's AIO only, and into which the library (PRELOAD
 * in the environment) is brought while they run. */
#ifndef LOADER_H
#define LOADER_H

#include "../conformance/claim.h"

#include <dlfcn.h>

static inline void *load(const char *path, int flags)
{
    void *handle = dlopen(path, flags);
    if (handle == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        SET_UP_FAILED("dlopen");
    }
    return handle;
}

static inline void *symbol_of(void *handle, const char *name)
{
    void *symbol = dlsym(handle, name);
    if (symbol == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        SET_UP_FAILED("dlsym");
    }
    return symbol;
}

static int (*enable_statistics)(void), (*write_statistics)(int);

static inline void *bring_in(int flags)
{
    const char *path = getenv("PRELOAD");
    if (path == NULL)
        SET_UP_FAILED("PRELOAD is not set");
    void *library = load(path, flags);
    enable_statistics = (int (*)(void))symbol_of(library, "atomrt_enable_statistics");
    if (enable_statistics() != 0)
        SET_UP_FAILED("atomrt_enable_statistics");
    write_statistics = (int (*)(int))symbol_of(library, "atomrt_write_statistics");
    return library;
}

/* How many requests the library has served in this process. */
static inline int served(void)
{
    char text[8192] = "";
    int file = MUST(memfd_create("statistics", 0)), count = -1;
    CHECK_INT(write_statistics(file), 0);
    MUST(pread(file, text, sizeof text - 1, 0));
    close(file);
    if (text[0] == '\0')
        return 0; /* nothing is written before the first */
    const char *line = strstr(text, "\nrequests ");
    if (line == NULL || sscanf(line, " requests %d", &count) != 1)
        FAIL("no count of requests in the statistics: %s", text);
    return count;
}

/* The request is served by the library, or by glibc, and works. */
#define SERVED(aiocb, submit) loader_expect_served(aiocb, submit, 1, #submit, __LINE__)
#define NOT_SERVED(aiocb, submit) loader_expect_served(aiocb, submit, 0, #submit, __LINE__)

static inline void loader_expect_served(struct aiocb *aiocb, int (*submit)(struct aiocb *), int expected, const char *name,
                                        int line)
{
    int before = served();
    if (submit(aiocb) != 0)
        claim_end(CLAIM_FAILS, __FILE__, line, "%s: %s", name, strerror(errno));
    claim_expect(aiocb, 0, (ssize_t)aiocb->aio_nbytes, name, __FILE__, line);
    if (served() - before != expected)
        claim_end(CLAIM_FAILS, __FILE__, line, "%s: %d served by the library, not %d", name, served() - before, expected);
}

#endif
