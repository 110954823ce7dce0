/* SPDX-License-Identifier: MIT */
/* A handler interrupts malloc, which holds a lock that the malloc of all other threads wants, as pthread_create does, and
 * waits in aio_suspend: its requests are served by the threads that there are, while others' functions (SIGEV_THREAD)
 * can't be called yet.
 *
 * malloc is the program's own here, so that the handler always comes at the worst moment: when it holds that lock; or when
 * another thread of the program has held it since before the requests were made. */
#include "hostile.h"

#include <linux/futex.h>
#include <sys/syscall.h>

enum { PIPES = 6, FUNCTIONS = 3 };

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void __libc_free(void *);

static atomic_int is_stuck, is_interrupted;
static pid_t main_number;

/* Where others hold the lock, until they do no more. */
static void lock(void)
{
    if (atomic_exchange(&is_interrupted, 0)) {
        atomic_store(&is_stuck, 1);
        raise(SIGUSR1);
    }
    while (atomic_load(&is_stuck) && syscall(SYS_gettid) != main_number)
        syscall(SYS_futex, &is_stuck, FUTEX_WAIT, 1, NULL, NULL, 0);
}

static void unstick(void)
{
    atomic_store(&is_stuck, 0);
    syscall(SYS_futex, &is_stuck, FUTEX_WAKE, 1000, NULL, NULL, 0);
}

void *malloc(size_t size)
{
    lock();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    lock();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    lock();
    return __libc_realloc(memory, size);
}

void free(void *memory)
{
    if (memory != NULL)
        lock();
    __libc_free(memory);
}

static struct stream pipes[PIPES];
static char *blocks;
static sem_t called;
static struct {
    struct aiocb of_pipes[PIPES], function_of_pipe, function_of_file, function_of_list, written, appended[2], synced, at_disk;
    struct aiocb at_disk_synced;
} requests;
static bool has_timeout, has_disk;

static void note(union sigval value)
{
    (void)value;
    sem_post(&called);
}

static void await(struct aiocb *block, ssize_t expected)
{
    const struct aiocb *list[] = {block};
    struct timespec while_none_comes = {claim_patience(), 0};
    while (aio_error(block) == EINPROGRESS)
        CHECK_INT(aio_suspend(list, 1, has_timeout ? &while_none_comes : NULL), 0);
    CHECK_INT(aio_error(block), 0);
    CHECK_INT(aio_return(block), expected);
}

static void wait_for_all(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    for (int i = PIPES - 1; i >= 0; i--) {
        feed(pipes[i].writer, i == 0 ? "xx" : "x");
        await(&requests.of_pipes[i], 1);
    }
    await(&requests.function_of_list, 100);
    await(&requests.written, 100);
    await(&requests.appended[0], 100);
    await(&requests.appended[1], 100);
    await(&requests.synced, 0);
    if (has_disk) {
        await(&requests.at_disk, BLOCK);
        await(&requests.at_disk_synced, 0);
    }
}

static void submit_all(int fd, int appending, int direct)
{
    static char bytes[9][100];
    static char read_bytes[PIPES + 1];
    for (int i = 0; i < PIPES; i++) {
        requests.of_pipes[i] = request(pipes[i].reader, &read_bytes[i], 1, 0);
        SUBMIT_READ(&requests.of_pipes[i]);
    }
    requests.function_of_pipe = request(pipes[0].reader, &read_bytes[PIPES], 1, 0);
    notify_by_thread(&requests.function_of_pipe, note, NULL);
    SUBMIT_READ(&requests.function_of_pipe);
    requests.function_of_file = request(fd, bytes[0], 100, 0);
    notify_by_thread(&requests.function_of_file, note, NULL);
    SUBMIT_WRITE(&requests.function_of_file);
    requests.function_of_list = request(fd, bytes[1], 100, 100);
    requests.function_of_list.aio_lio_opcode = LIO_WRITE;
    struct aiocb *list[] = {&requests.function_of_list};
    struct sigevent of_list = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = note};
    CHECK_INT(lio_listio(LIO_NOWAIT, list, 1, &of_list), 0);
    requests.written = request(fd, bytes[2], 100, 200);
    SUBMIT_WRITE(&requests.written);
    for (int i = 0; i < 2; i++) {
        requests.appended[i] = request(appending, bytes[3 + i], 100, 0);
        SUBMIT_WRITE(&requests.appended[i]);
    }
    requests.synced = request(appending, NULL, 0, 0);
    CHECK_INT(aio_fsync(O_SYNC, &requests.synced), 0);
    if (!has_disk)
        return;
    requests.at_disk = request(direct, blocks, BLOCK, 0);
    SUBMIT_READ(&requests.at_disk);
    requests.at_disk_synced = request(direct, NULL, 0, 0);
    CHECK_INT(aio_fsync(O_SYNC, &requests.at_disk_synced), 0);
}

int main(void)
{
    claim_start();
    main_number = (pid_t)syscall(SYS_gettid);
    sem_init(&called, 0, 0);
    int fd = temporary_file("file", O_RDWR, BLOCK), appending = temporary_file("appended", O_RDWR | O_APPEND, BLOCK);
    int direct = open_direct(fd);
    has_disk = direct != -1;
    blocks = MUST((char *)mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (int i = 0; i < PIPES; i++)
        pipes[i] = make_pipe();
    handle(SIGUSR1, wait_for_all, SA_RESTART);
    for (int round = 0; round < 4; round++) {
        has_timeout = round % 2;
        atomic_store(&is_stuck, round < 2);
        submit_all(fd, appending, direct);
        atomic_store(&is_interrupted, 1);
        void *volatile memory = malloc(1);
        unstick();
        free(memory);
        await(&requests.function_of_pipe, 1);
        await(&requests.function_of_file, 100);
        for (int i = 0; i < FUNCTIONS; i++)
            AWAIT_POST(&called);
    }
    return 0;
}
