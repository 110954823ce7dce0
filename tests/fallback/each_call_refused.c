/* SPDX-License-Identifier: MIT */
/* Each system call that the library makes (calls.txt), refused alone with EPERM, EACCES and ENOSYS: what glibc's AIO gives
 * there atomrt gives, and what atomrt gives without a filter it may give all the same.
 *
 *     each_call_refused record FILE     tells the story (story.h) under each filter, for the record: by glibc
 *     each_call_refused compare FILE    tells it again, preloaded, and holds it against the record
 *
 * Where glibc ends the process, or hangs, the rest of that story is held against nothing; that is counted. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/io_uring.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../slowness.h"
#include "story.h"

#ifndef F_GET_SEALS
#define F_GET_SEALS 1034
#endif
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

struct call {
    long number;
    int chooser; /* the argument that says what it is to do, or -1 */
    unsigned chosen;
    const char *name;
};
static const struct call calls[] = {
    {-1, -1, 0, "nothing"},
#include "calls.inc"
};
enum { CALLS = sizeof calls / sizeof *calls, ERRNOS = 3, ENDED = 0, HANGS = -1, PASSED = 0, FAILED = 1, SKIPPED = 77, NOT_SET_UP = 99 };

static const int errnos[ERRNOS] = {EPERM, EACCES, ENOSYS};
static const char *const errno_names[ERRNOS] = {"EPERM", "EACCES", "ENOSYS"};
static struct story record[CALLS][ERRNOS];

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#define MUST(call)                                                                                                     \
    ({                                                                                                                 \
        __typeof__(call) must_ = (call);                                                                               \
        if (must_ == (__typeof__(call))-1) {                                                                           \
            perror(#call);                                                                                             \
            exit(NOT_SET_UP);                                                                                          \
        }                                                                                                              \
        must_;                                                                                                         \
    })

static bool enter_filter(const struct call *call, int error)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call->number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 (unsigned)(offsetof(struct seccomp_data, args) + sizeof(uint64_t) * (call->chooser < 0 ? 0 : (unsigned)call->chooser))),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call->chosen, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    if (call->chooser < 0)
        filter[3] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* ---- the stage ---- */

static int scratch_file(int flags, const char *folder)
{
    char path[256];
    snprintf(path, sizeof path, "%s/each-call-refused-XXXXXX", folder);
    const int made = MUST(mkstemp(path));
    char bytes[FILE_SIZE];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = content_at(i);
    if (write(made, bytes, sizeof bytes) != sizeof bytes || fsync(made) != 0)
        exit(NOT_SET_UP);
    const int fd = open(path, flags);
    unlink(path);
    close(made);
    return fd;
}

static void open_files(void)
{
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : ".";
    stage->file = MUST(scratch_file(O_RDWR, folder));
    stage->cold = MUST(scratch_file(O_RDONLY, folder));
    stage->append = MUST(scratch_file(O_RDWR | O_APPEND, folder));
    stage->direct = scratch_file(O_RDWR | O_DIRECT, folder);
    stage->memory = MUST(memfd_create("memory", MFD_CLOEXEC));
}

static void feed_stream(int stream)
{
    if (write(stage->streams[stream][1], "food", FED) != FED)
        exit(NOT_SET_UP);
}

static void set_stage(const struct story *reference)
{
    for (int i = 0; i < STREAMS; i++) {
        MUST(i == SOCKET_THERE || i == SOCKET_EMPTY ? socketpair(AF_UNIX, SOCK_STREAM, 0, stage->streams[i]) : pipe(stage->streams[i]));
    }
    feed_stream(PIPE_THERE);
    feed_stream(SOCKET_THERE);
    MUST(ftruncate(stage->append, FILE_SIZE));
    MUST(pwrite(stage->file, (char[WRITTEN]){0}, WRITTEN, WRITE_AT));
    posix_fadvise(stage->cold, 0, 0, POSIX_FADV_DONTNEED);
    stage->asked = stage->answered = stage->awaited = 0;
    stage->story = (struct story){0};
    stage->reference = reference;
}

/* What it says that it has written is there. */
static void look_at_files(void)
{
    struct story *story = &stage->story;
    char bytes[WRITTEN];
    for (int i = 0; i < story->told; i++) {
        const bool appends = steps[i].tell == append_to_file;
        if ((!appends && steps[i].tell != write_file) || story->values[i] <= 0)
            continue;
        const ssize_t count = pread(appends ? stage->append : stage->file, bytes, WRITTEN, appends ? FILE_SIZE : WRITE_AT);
        if (count != story->values[i] || !is_content(bytes, count, appends ? 0 : WRITE_AT))
            story->values[i] = WRONG_DATA;
    }
}

static void clear_stage(void)
{
    for (int i = 0; i < STREAMS; i++)
        for (int end = 0; end < 2; end++)
            close(stage->streams[i][end]);
}

/* Whether a thread of that process is in read(). */
static bool is_read_from(pid_t process, int fd)
{
    char path[64], line[64];
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return false;
    bool is_in_read = false;
    for (struct dirent *task; !is_in_read && (task = readdir(tasks)) != NULL;) {
        snprintf(path, sizeof path, "/proc/%d/task/%.10s/syscall", process, task->d_name);
        FILE *file = fopen(path, "re");
        long number = -1;
        unsigned long first = ~0UL;
        if (file != NULL && fgets(line, sizeof line, file) != NULL)
            sscanf(line, "%ld %lx", &number, &first);
        if (file != NULL)
            fclose(file);
        is_in_read = number == SYS_read && first == (unsigned long)fd;
    }
    closedir(tasks);
    return is_in_read;
}

/* Feeds the process until it ends. It has no end where for a long time it neither asks nor tells; where glibc has had none
 * that time is short. */
static void accompany(pid_t process, double patience_s)
{
    struct story *story = &stage->story;
    int status, told = 0;
    double since = now_s();
    while (waitpid(process, &status, WNOHANG) == 0) {
        if (stage->answered < stage->asked) {
            feed_stream(stage->what);
            stage->answered++;
        }
        const int awaited = stage->awaited;
        if (awaited != 0 && is_read_from(process, awaited - 1))
            stage->awaited = 0;
        if (story->told != told)
            told = story->told, since = now_s();
        if (now_s() - since > patience_s && now_s() - since > patience_s * slowness()) {
            kill(process, SIGKILL);
            waitpid(process, &status, 0);
            story->end = HANGS;
            return;
        }
        pause_a_moment();
    }
    story->end = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const struct story *play(const struct call *call, int error, const struct story *reference)
{
    set_stage(reference);
    const pid_t process = MUST(fork());
    if (process == 0) {
        signal(SIGUSR1, on_signal);
        if (call->number >= 0 && !enter_filter(call, error))
            _exit(SKIPPED);
        tell_story();
        _exit(ENDED);
    }
    accompany(process, reference == NULL || reference->end == HANGS ? 1 : 20);
    look_at_files();
    clear_stage();
    return &stage->story;
}

/* ---- the verdict ---- */

static void say(const struct call *call, int error, int step, long value, const char *instead)
{
    printf("%s refused with %s: %s: %ld, not %s\n", call->name, errno_names[error], step < STEPS ? steps[step].name : "the end", value, instead);
}

/* How much of it is wrong. */
static int compare(const struct call *call, int error, const struct story *glibc, const struct story *usual, const struct story *told)
{
    int wrong = 0;
    char instead[80];
    for (int i = 0; i < glibc->told && i < told->told; i++) {
        /* Where neither can make its thread, or get its memory, atomrt says what POSIX has for that, and notifies nobody. */
        const int request = steps[i].tell == count_notices ? i - 1 : i;
        const bool is_without_means = glibc->values[request] < 0 && told->values[request] == -EAGAIN;
        /* Where it can't know whether the descriptor would wait, a thread does, as one of glibc's. */
        const bool is_left = steps[i].tell == cancel_blocked && strstr(call->name, "F_GETFL") != NULL &&
                             told->values[i] == FED * 1000L - AIO_NOTCANCELED;
        if (told->values[i] == glibc->values[i] || told->values[i] == usual->values[i] || is_without_means || is_left)
            continue;
        snprintf(instead, sizeof instead, "%ld as glibc's, nor %ld", glibc->values[i], usual->values[i]);
        say(call, error, i, told->values[i], instead);
        wrong++;
    }
    if (told->told < glibc->told) {
        say(call, error, told->told, told->end, "told");
        wrong++;
    }
    return wrong;
}

/* Where atomrt differs without a filter: it takes back what glibc can't, and refuses a length before it looks at the buffer. */
static bool is_meant(int step, long value)
{
    return (steps[step].tell == cancel_blocked && value == -ECANCELED * 1000L - AIO_CANCELED) ||
           (steps[step].tell == use_too_long_a_length && value == -EINVAL);
}

/* Without a filter both tell all, and give the same. */
static bool is_usual(const struct story *glibc, const struct story *told)
{
    bool is_right = told->end == ENDED && told->told == STEPS && glibc->end == ENDED && glibc->told == STEPS;
    for (int i = 0; i < STEPS; i++) {
        if (told->values[i] == glibc->values[i] || is_meant(i, told->values[i]))
            continue;
        printf("without a filter: %s: %ld, not %ld\n", steps[i].name, told->values[i], glibc->values[i]);
        is_right = false;
    }
    if (!is_right)
        printf("without a filter: ends after %d steps with %d; glibc after %d with %d\n", told->told, told->end, glibc->told, glibc->end);
    return is_right;
}

static int record_all(const char *path)
{
    for (int i = 0; i < CALLS; i++) {
        for (int j = 0; j < ERRNOS; j++) {
            record[i][j] = *play(&calls[i], errnos[j], NULL);
            if (record[i][j].end == SKIPPED)
                return SKIPPED;
            if (i == 0)
                break;
        }
    }
    const int fd = MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    return write(fd, record, sizeof record) == sizeof record ? PASSED : NOT_SET_UP;
}

static int compare_all(const char *path)
{
    const int fd = MUST(open(path, O_RDONLY));
    if (read(fd, record, sizeof record) != sizeof record)
        return NOT_SET_UP;
    const struct story usual = *play(&calls[0], 0, &record[0][0]);
    int wrong = !is_usual(&record[0][0], &usual), unfinished = 0, compared = 0;
    for (int i = 1; i < CALLS; i++) {
        for (int j = 0; j < ERRNOS; j++) {
            const struct story *glibc = &record[i][j];
            wrong += compare(&calls[i], j, glibc, &usual, play(&calls[i], errnos[j], glibc));
            unfinished += glibc->told < STEPS;
            compared += glibc->told;
        }
    }
    printf("%d filters, %d steps compared, %d wrong; glibc came to no end under %d of them\n", (CALLS - 1) * ERRNOS, compared, wrong, unfinished);
    return wrong != 0 ? FAILED : PASSED;
}

int main(int count, char **arguments)
{
    if (count != 3)
        return NOT_SET_UP;
    stage = MUST(mmap(NULL, sizeof *stage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    setvbuf(stdout, NULL, _IOLBF, 0);
    open_files();
    return strcmp(arguments[1], "record") == 0 ? record_all(arguments[2]) : compare_all(arguments[2]);
}
