/* SPDX-License-Identifier: MIT */
/* Each child makes requests of every kind and forks the next: what is left of one generation's in the memory of the next
 * does not add up. */
#include "hostile.h"

enum { GENERATIONS = 300, SETTLED = 20, MOST_MORE_KIB = 4096 };

/* What the process can reach, has, and needs for its tables. */
static const char *const MEASURES[] = {"VmSize", "VmRSS", "VmPTE"};
enum { COUNT = sizeof MEASURES / sizeof MEASURES[0] };

static void measure(long kib[COUNT])
{
    char line[256];
    FILE *status = fopen("/proc/self/status", "re");
    if (status == NULL)
        SET_UP_FAILED("fopen");
    memset(kib, 0, COUNT * sizeof *kib);
    while (fgets(line, sizeof line, status) != NULL)
        for (int i = 0; i < COUNT; i++)
            if (strncmp(line, MEASURES[i], strlen(MEASURES[i])) == 0 && line[strlen(MEASURES[i])] == ':')
                kib[i] = atol(line + strlen(MEASURES[i]) + 1);
    fclose(status);
}

/* A stream is closed behind its read, too. */
static void use_aio(int fd)
{
    char byte;
    use_everything(fd);
    struct stream pipe = make_pipe();
    struct aiocb blocked = request(pipe.reader, &byte, 1, 0);
    SUBMIT_READ(&blocked);
    close(pipe.reader);
    feed(pipe.writer, "x");
    EXPECT_RESULT(&blocked, 1);
    close(pipe.writer);
}

int main(void)
{
    long first[COUNT] = {0}, last[COUNT] = {0};
    claim_start();
    int fd = temporary_file("file", O_RDWR, BLOCK);
    for (int generation = 0; generation < GENERATIONS; generation++) {
        use_aio(fd);
        if (generation == SETTLED)
            measure(first);
        pid_t child = fork();
        if (child != 0) {
            int status;
            MUST(child);
            MUST(waitpid(child, &status, 0));
            return WIFEXITED(status) ? WEXITSTATUS(status) : CLAIM_FAILS;
        }
    }
    use_aio(fd);
    measure(last);
    for (int i = 0; i < COUNT; i++)
        if (last[i] - first[i] >= MOST_MORE_KIB)
            FAIL("%s is %ld KiB after %d generations, and was %ld after %d", MEASURES[i], last[i], GENERATIONS, first[i], SETTLED);
    return 0;
}
