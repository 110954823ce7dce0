/* SPDX-License-Identifier: MIT */
/* usage: fuzz SEED REQUESTS FOLDER. One run; the summary is the last line. */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct plan plan;
struct worker workers[MOST_WORKERS];

static void draw_plan(uint64_t seed, unsigned long requests)
{
    uint64_t random = seed;
    plan = (struct plan){.seed = seed, .requests = requests};
    plan.lone = random_one_in(&random, 4);
    plan.workers = plan.lone ? 3 : 1 + random_below(&random, MOST_WORKERS);
    plan.depth = plan.lone ? 1 : random_one_in(&random, 3) ? 1 + random_below(&random, 3) : 4 + random_below(&random, 28);
    plan.files = plan.lone ? 1 << 2 : 1 + random_below(&random, (1 << SHARED) - 1);
    plan.uses_streams = random_one_in(&random, 2);
    plan.forks = random_one_in(&random, 3);
    plan.exits = random_one_in(&random, 2);
    plan.interrupts = random_one_in(&random, 2);
    plan.replaces = random_one_in(&random, 2);
    plan.cancel_weight = random_one_in(&random, 2) ? 100 : 10;
    plan.sync_weight = random_one_in(&random, 2) ? 10 : 1;
}

static void make_worker(unsigned index)
{
    struct worker *worker = &workers[index];
    uint64_t random = plan.seed ^ (index + 1) * 0x2545f4914f6cdd1dull;
    worker->index = index;
    worker->random = random_next(&random);
    worker->ops = calloc(OPS, sizeof *worker->ops);
    for (unsigned i = 0; i < OPS; ++i) {
        worker->ops[i].buffer = aligned_alloc(BLOCK, MOST_BLOCKS * BLOCK);
        memset(worker->ops[i].buffer, 0, MOST_BLOCKS * BLOCK);  /* else memory grows with the operations in use */
    }
    worker->streams[0] = stream_make(false);
    worker->streams[1] = stream_make(true);
    append_open(worker);
}

static void end_worker(struct worker *worker)
{
    append_check(worker);
    close(worker->append_fd);
    stream_close(worker->streams[0]);
    stream_close(worker->streams[1]);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: fuzz SEED REQUESTS FOLDER\n");
        return 99;
    }
    draw_plan(strtoull(argv[1], NULL, 10), strtoul(argv[2], NULL, 10));
    const struct aioinit settings = {.aio_threads = 20, .aio_num = 64, .aio_idle_time = 1};
    aio_init(&settings);
    interrupt_start();
    notice_start();
    const unsigned descriptors = count_entries("/proc/self/fd");
    world_open(argv[3], "/dev/shm");
    for (unsigned i = 0; i < plan.workers; ++i)
        make_worker(i);
    for (unsigned i = 0; i < plan.workers; ++i)
        MUST(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]) == 0);
    watch_until_done();
    notice_check_totals();
    world_check();
    for (unsigned i = 0; i < plan.workers; ++i)
        end_worker(&workers[i]);
    world_close();
    watch_threads_leave(descriptors);
    const long more = watch_memory();
    printf("passed seed %llu: %lu requests, %lu ended, %lu cancelled, %lu refused, %lu notifications, %lu KiB (%+ld)\n",
           (unsigned long long)plan.seed, (unsigned long)submitted, (unsigned long)ended, (unsigned long)cancelled,
           (unsigned long)refused, (unsigned long)notices_seen, private_memory(), more);
    return 0;
}
