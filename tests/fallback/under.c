/* SPDX-License-Identifier: MIT */
/* Runs a program where something is refused (filters.h):
 *
 *     under --each PRELOAD PROGRAM ARGUMENTS...    once under each refusal, preloaded, a few at once
 *     under NAME PROGRAM ARGUMENTS...              becomes the program under that refusal
 *
 * --each passes where all pass, skips where all skip, and shows what those that fail have said. */
#include "filters.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PASSED = 0, FAILED = 1, SKIPPED = 77, NOT_SET_UP = 99, AT_ONCE = 5 };

static struct run {
    pid_t process;
    int output, status;
} runs[REFUSALS];

static void begin(struct run *run, const struct refusal *refusal, const char *preload, char **program)
{
    run->output = memfd_create("output", MFD_CLOEXEC);
    fflush(NULL);
    run->process = fork();
    if (run->process != 0)
        return;
    dup2(run->output, STDOUT_FILENO);
    dup2(run->output, STDERR_FILENO);
    setenv("LD_PRELOAD", preload, 1);
    if (refusal->contexts != NULL)
        setenv("ATOMRT_CONTEXTS", refusal->contexts, 1);
    else
        unsetenv("ATOMRT_CONTEXTS");
    if (!take_on(refusal)) {
        perror("not refused");
        _exit(SKIPPED);
    }
    execv(program[0], program);
    perror(program[0]);
    _exit(NOT_SET_UP);
}

/* Waits for any of the runs. */
static void end_one(void)
{
    int status;
    pid_t ended = waitpid(-1, &status, 0);
    for (int i = 0; i < REFUSALS; i++)
        if (runs[i].process == ended)
            runs[i].status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void show(const struct run *run, const char *name)
{
    printf("under %s: exit status %d\n", name, run->status);
    char text[4096];
    lseek(run->output, 0, SEEK_SET);
    for (ssize_t got; (got = read(run->output, text, sizeof text)) > 0;)
        fwrite(text, 1, (size_t)got, stdout);
}

static int run_each(const char *preload, char **program)
{
    for (int i = 0; i < REFUSALS; i++) {
        if (i >= AT_ONCE)
            end_one();
        begin(&runs[i], &refusals[i], preload, program);
        if (runs[i].process == -1)
            return NOT_SET_UP;
    }
    for (int i = 0; i < REFUSALS && i < AT_ONCE; i++)
        end_one();
    int passed = 0, failed = 0;
    for (int i = 0; i < REFUSALS; i++) {
        passed += runs[i].status == PASSED;
        failed += runs[i].status != PASSED && runs[i].status != SKIPPED;
        if (runs[i].status != PASSED)
            show(&runs[i], refusals[i].name);
    }
    return failed != 0 ? FAILED : passed != 0 ? PASSED : SKIPPED;
}

int main(int count, char **arguments)
{
    if (count >= 4 && strcmp(arguments[1], "--each") == 0)
        return run_each(arguments[2], arguments + 3);
    const struct refusal *refusal = count >= 3 ? refusal_named(arguments[1]) : NULL;
    if (refusal == NULL) {
        fprintf(stderr, "usage: under --each PRELOAD PROGRAM ARGUMENTS... | under NAME PROGRAM ARGUMENTS...\n");
        return NOT_SET_UP;
    }
    if (!take_on(refusal)) {
        perror("not refused");
        return SKIPPED;
    }
    execvp(arguments[2], arguments + 2);
    perror(arguments[2]);
    return NOT_SET_UP;
}
