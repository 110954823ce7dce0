/* SPDX-License-Identifier: MIT */
/* The library is brought in while other threads load and unload modules and bind their calls for the first time. Every
 * request works, whoever serves it. Many rounds, each in a process of its own. */
#include "loader.h"

enum { ROUNDS = 25, THREADS = 3 };

static char **paths;
static pthread_barrier_t barrier;
static atomic_bool is_in;

static void *load_and_call(void *argument)
{
    char bytes[16];
    int fd = *(int *)argument;
    pthread_barrier_wait(&barrier);
    for (int more = 3; more > 0; more -= atomic_load(&is_in)) {
        void *module = load(paths[1 + more % 2], RTLD_LAZY | RTLD_LOCAL);
        struct aiocb any = request(fd, bytes, sizeof bytes, 0);
        CHECK_INT(((int (*)(struct aiocb *))symbol_of(module, "module_write"))(&any), 0);
        EXPECT_RESULT(&any, sizeof bytes);
        CHECK_INT(((int (*)(struct aiocb *))symbol_of(module, "module_read"))(&any), 0);
        EXPECT_RESULT(&any, sizeof bytes);
        dlclose(module);
    }
    return NULL;
}

static void round_of(int fd)
{
    pthread_t threads[THREADS];
    char bytes[16];
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], load_and_call, &fd);
    pthread_barrier_wait(&barrier);
    bring_in(RTLD_LAZY);
    atomic_store(&is_in, true);
    for (int i = 0; i < THREADS; i++)
        JOIN(threads[i], NULL);
    struct aiocb any = request(fd, bytes, sizeof bytes, 0);
    SERVED(&any, aio_write);
    SERVED(&any, (int (*)(struct aiocb *))symbol_of(load(paths[1], RTLD_LAZY), "module_write"));
}

int main(int count, char **arguments)
{
    claim_start();
    if (count != 3)
        SET_UP_FAILED("arguments: the module, another one");
    paths = arguments;
    int fd = temporary_file("file", O_RDWR, 4096);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t child = fork();
        if (child == 0) {
            round_of(fd);
            _exit(0);
        }
        wait_for_child(child);
    }
    return 0;
}
