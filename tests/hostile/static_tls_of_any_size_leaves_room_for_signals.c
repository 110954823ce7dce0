/* SPDX-License-Identifier: MIT */
/* glibc takes a program's static thread-local storage out of each thread's stack. Whatever its size, and whatever
 * RLIMIT_STACK is, library threads serve, and have room for the frame of the signal that setuid sends to each thread. */
#include <dlfcn.h>
#include <libgen.h>
#include <link.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "hostile.h"

enum { LARGEST = 1024 * 1024, STEP = 512 };

/* Only its place in the program is wanted: nobody touches it, so that the size in the file may be changed. */
static __thread char storage[64] __attribute__((used, aligned(16)));

static sem_t called;

static void note_call(union sigval value)
{
    (void)value;
    sem_post(&called);
}

/* The body, in the program of another size. Every kind of library thread is there when the user numbers are set. */
static int serve(void)
{
    claim_start();
    char name[] = "/tmp/atomrt-tls-XXXXXX", byte;
    static _Alignas(4096) char bytes[BLOCK];
    int disk = MUST(mkstemp(name)), memory = MUST(memfd_create("memory", MFD_CLOEXEC)), direct = open_direct(disk);
    unlink(name);
    MUST(ftruncate(disk, BLOCK));
    sem_init(&called, 0, 0);
    struct stream pipe = make_pipe();
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0), read_request = request(direct == -1 ? disk : direct, bytes, BLOCK, 0),
                 sync_request = request(memory, NULL, 0, 0);
    SUBMIT_READ(&blocked);
    notify_by_thread(&read_request, note_call, NULL);
    SUBMIT_READ(&read_request);
    CHECK_INT(setuid(getuid()), 0);
    EXPECT_RESULT(&read_request, BLOCK);
    AWAIT_POST(&called);
    CHECK_INT(aio_fsync(O_SYNC, &sync_request), 0);
    CHECK_INT(setuid(getuid()), 0);
    EXPECT_RESULT(&sync_request, 0);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    return 0;
}

static ElfW(Phdr) *tls_header(char *program)
{
    ElfW(Ehdr) *file = (ElfW(Ehdr) *)program;
    ElfW(Phdr) *headers = (ElfW(Phdr) *)(program + file->e_phoff);
    for (int i = 0; i < file->e_phnum; i++)
        if (headers[i].p_type == PT_TLS)
            return &headers[i];
    FAIL("the program has no thread-local storage");
}

/* This program, as if it had been linked with so much of it. */
static int make_program(const char *program, size_t length, ElfW(Phdr) *header, size_t size)
{
    header->p_memsz = size;
    int fd = MUST(memfd_create("program", MFD_CLOEXEC));
    if (write(fd, program, length) != (ssize_t)length)
        SET_UP_FAILED("write");
    return fd;
}

/* A program that has no folder finds the library that this one was linked with. */
static void lead_to_library(void)
{
    Dl_info library;
    CHECK(dladdr((void *)aio_read, &library) != 0);
    setenv("LD_LIBRARY_PATH", dirname(strdup(library.dli_fname)), 1);
}

static void limit_stack(rlim_t usual, int turn)
{
    static const rlim_t limits[] = {0, 128 * 1024, RLIM_INFINITY};
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_STACK, &limit));
    limit.rlim_cur = turn % 3 == 0 ? usual : limits[turn % 3];
    if (limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    MUST(setrlimit(RLIMIT_STACK, &limit));
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "serve") == 0)
        return serve();
    int self = MUST(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    size_t length = (size_t)MUST(lseek(self, 0, SEEK_END));
    char *program = MUST((char *)mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, self, 0));
    ElfW(Phdr) *header = tls_header(program);
    struct rlimit usual;
    MUST(getrlimit(RLIMIT_STACK, &usual));
    lead_to_library();
    setenv("CLAIM_UNSUPERVISED", "1", 1);
    for (int size = 0, turn = 0; size <= LARGEST; size += STEP, turn++) {
        int fd = make_program(program, length, header, size > (int)sizeof storage ? (size_t)size : sizeof storage);
        char path[64], *subject[] = {path, "serve", NULL};
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        limit_stack(usual.rlim_cur, turn);
        pid_t child;
        errno = posix_spawn(&child, path, NULL, NULL, subject, environ);
        if (errno != 0)
            SET_UP_FAILED("posix_spawn");
        int status;
        MUST(waitpid(child, &status, 0));
        close(fd);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            FAIL("with %d bytes of thread-local storage and RLIMIT_STACK number %d: status %#x", size, turn % 3, (unsigned)status);
    }
    return 0;
}
