/* SPDX-License-Identifier: MIT */
/* A child has no descriptors but those that its parent has: nothing that an implementation keeps for requests whose own
 * descriptor was closed, whenever the fork comes. */
#define CHILDREN_ALLOCATE_NOTHING
#include <dirent.h>
#include <sys/syscall.h>

#include "claim.h"

enum { FORKS = 200, LEAST = 64, MOST = 8192 };

static atomic_int finished;

/* A read waits for its peer, its descriptor is closed behind it, then it ends. */
static void *close_behind_reads(void *unused)
{
    char byte;
    while (!atomic_load(&finished)) {
        struct stream pipe = make_pipe();
        struct aiocb read_request = request(pipe.reader, &byte, 1, 0);
        SUBMIT_READ(&read_request);
        close(pipe.reader);
        if (write(pipe.writer, "x", 1) != 1)
            CHECK_INT(errno, EPIPE);
        AWAIT(&read_request);
        aio_return(&read_request);
        close(pipe.writer);
    }
    return unused;
}

/* By plain system calls, as opendir() allocates. To ask for each number would take most of the test's time. */
static int count_high_descriptors(void)
{
    _Alignas(struct dirent64) char entries[4096];
    int folder = MUST(open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC)), count = 0;
    long length;
    while ((length = MUST(syscall(SYS_getdents64, folder, entries, sizeof entries))) > 0)
        for (const char *at = entries; at < entries + length;) {
            const struct dirent64 *entry = (const struct dirent64 *)at;
            int fd = atoi(entry->d_name);
            count += fd >= LEAST && fd < MOST;
            at += entry->d_reclen;
        }
    close(folder);
    return count;
}

int main(void)
{
    claim_start();
    signal(SIGPIPE, SIG_IGN);
    int before = count_high_descriptors();
    pthread_t closer;
    start_thread(&closer, close_behind_reads, NULL);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0) {
            CHECK_INT(count_high_descriptors(), before);
            _exit(0);
        }
        wait_for_child(child);
    }
    atomic_store(&finished, 1);
    JOIN(closer, NULL);
    return 0;
}
