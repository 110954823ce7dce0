// SPDX-License-Identifier: MIT
/* The kernel's own files, in /proc, /sys, the tracing file system and /dev: for each name one of that name is read by
 * aio_read and by the plain call (pread, or read where that says ESPIPE), before and after. Where the two plain reads agree
 * so does aio_read: in its error, its length, its bytes; where they don't, in its error and whether it gives anything. What
 * is told may change meanwhile, so a difference has to show itself again and again. HOSTILE_VERBOSE=1 prints each path, and what a plain read waits for.
 */
#include "hostile.h"

#include <ctype.h>
#include <dirent.h>
#include <fnmatch.h>
#include <sys/time.h>

enum { LONGEST = 65536, TRIES = 8, MOST_FOLDERS = 3000, MOST_DEPTH = 12, MOST_NAMES = 1 << 15, PATIENCE_US = 200000 };

/* Not read, and why. */
static const struct {
    const char *pattern, *why;
} left_out[] = {
    {"/proc/[0-9]*", "of other processes; this one's are in /proc/self"},
    {"/proc/self/task", "of this process's threads: the names are those of /proc/self"},
    {"/proc/self/fdinfo/*", "of descriptors that come and go"},
    {"/proc/self/syscall", "of the thread that reads, which another may do for it"},
    {"/proc/self/stack", "of the thread that reads"},
    {"/proc/self/wchan", "of the thread that reads"},
    {"/proc/self/stat*", "what the first thread does just now"},
    {"/proc/loadavg", "how many threads run just now"},
    {"/proc/kmsg", "takes the log's messages away"},
    {"/proc/acpi/event", "takes events away"},
    {"/proc/sys/vm/stat_refresh", "makes each processor work"},
    {"/proc/sys/fs/binfmt_misc", "opening mounts it"},
    {"/sys/kernel/debug", "drivers' own, made for their authors"},
    {"/sys/power/wakeup_count", "waits until no device wakes the machine"},
    {"/sys/class/zram-control/hot_add", "makes a device"},
    {"/sys/*/resource[0-9]*", "registers of devices"},
    {"/sys/*/rom", "memory of devices"},
    {"/sys/*/vpd", "memory of devices, slow"},
    {"/sys/*/config", "registers of devices"},
    {"/sys/kernel/tracing/*trace_pipe*", "takes the trace away"},
    {"/sys/kernel/tracing/*snapshot*", "takes the trace away"},
    {"/sys/kernel/tracing/free_buffer", "closing it frees the trace"},
    {"/sys/kernel/tracing/instances/*", "other people's traces"},
    {"/dev/watchdog*", "opening starts the clock"},
    {"/dev/tty*", "terminals: what is typed is taken away"},
    {"/dev/console", "a terminal"},
    {"/dev/hvc*", "a terminal"},
    {"/dev/ptmx", "opening makes a terminal"},
    {"/dev/pts", "terminals"},
    {"/dev/vport*", "takes away what another machine sends"},
    {"/dev/virtio-ports", "takes away what another machine sends"},
    {"/dev/input", "takes events away"},
    {"/dev/hidraw*", "takes events away"},
    {"/dev/uhid", "opening makes a device"},
    {"/dev/uinput", "opening makes a device"},
    {"/dev/cuse", "opening makes a device"},
    {"/dev/snapshot", "opening prepares the machine's sleep"},
    {"/dev/rtc*", "waits for the clock's interrupt"},
    {"/dev/hpet", "waits for the clock's interrupt"},
    {"/dev/port", "registers of devices"},
    {"/dev/mem", "registers of devices"},
    {"/dev/nvram", "registers of devices"},
    {"/dev/cpu", "registers of processors"},
    {"/dev/hwrng", "as slow as its noise"},
    {"/dev/bus", "devices of a bus"},
    {"/dev/sg*", "commands to devices"},
    {"/dev/sr*", "a drive that may have to close"},
    {"/dev/st*", "a tape that rewinds"},
    {"/dev/nst*", "a tape"},
    {"/dev/tpm*", "one user at a time"},
    {"/dev/video*", "turns a camera on"},
    {"/dev/media*", "a camera"},
    {"/dev/dri", "a display"},
    {"/dev/snd", "records sound"},
    {"/dev/vfio", "hands devices over"},
    {"/dev/rfkill", "events"},
    {"/dev/mqueue", "queues of other programs"},
    {"/dev/shm", "files of other programs"},
    {"/dev/hugepages", "files of other programs"},
};

static bool is_verbose;
static unsigned names[MOST_NAMES], read_files, refused_files, waiting_files;
static int folders_left;
static volatile sig_atomic_t is_up; /* the time of a plain call */

static void time_is_up(int signal_number, siginfo_t *info, void *context)
{
    (void)signal_number, (void)info, (void)context;
    is_up = 1;
}

static void allow_time(long us)
{
    /* Again and again, so that none is lost before the call. */
    struct itimerval time = {.it_value.tv_usec = us, .it_interval.tv_usec = us == 0 ? 0 : 10000};
    is_up = 0;
    setitimer(ITIMER_REAL, &time, NULL);
}

static bool is_left_out(const char *path)
{
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        if (fnmatch(left_out[i].pattern, path, 0) == 0)
            return true;
    return false;
}

static unsigned hash_of(unsigned hash, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (!isdigit((unsigned char)*c))
            hash = (hash ^ (unsigned char)*c) * 16777619U;
    return hash;
}

/* The first of that name below this root, whatever its number. */
static bool is_new(const char *root, const char *name)
{
    const unsigned hash = hash_of(hash_of(2166136261U, root), name);
    for (unsigned i = hash % MOST_NAMES, tried = 0; tried < MOST_NAMES; i = (i + 1) % MOST_NAMES, tried++) {
        if (names[i] == hash)
            return false;
        if (names[i] == 0) {
            names[i] = hash;
            return true;
        }
    }
    return false;
}

struct outcome {
    ssize_t length;
    int error;
    bool waits;
    char bytes[LONGEST];
};

static int open_file(const char *path)
{
    allow_time(PATIENCE_US);
    int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    allow_time(0);
    return fd;
}

static void read_plainly(const char *path, struct outcome *outcome, size_t length, off_t offset)
{
    int fd = open_file(path);
    outcome->waits = false;
    outcome->length = -1;
    outcome->error = errno;
    if (fd == -1)
        return;
    allow_time(PATIENCE_US);
    outcome->length = pread(fd, outcome->bytes, length, offset);
    if (outcome->length == -1 && errno == ESPIPE)
        outcome->length = read(fd, outcome->bytes, length);
    outcome->error = outcome->length == -1 ? errno : 0;
    outcome->waits = outcome->error == EINTR && is_up;
    allow_time(0);
    close(fd);
}

static void read_by_aio(const char *path, struct outcome *outcome, size_t length, off_t offset)
{
    int fd = open_file(path);
    outcome->length = -1;
    outcome->error = errno;
    if (fd == -1)
        return;
    struct aiocb aiocb = request(fd, outcome->bytes, length, offset);
    double begin = claim_clock();
    SUBMIT_READ(&aiocb);
    const struct aiocb *list[] = {&aiocb};
    while (aio_error(&aiocb) == EINPROGRESS) {
        if (claim_is_over(begin, 1))
            FAIL("%s, %zu bytes at %jd: does not complete", path, length, (intmax_t)offset);
        aio_suspend(list, 1, &(struct timespec){.tv_sec = 1});
    }
    outcome->error = aio_error(&aiocb);
    outcome->length = aio_return(&aiocb);
    close(fd);
}

static bool agree(const struct outcome *one, const struct outcome *other)
{
    if (one->error != other->error || one->length != other->length)
        return false;
    return one->length <= 0 || memcmp(one->bytes, other->bytes, (size_t)one->length) == 0;
}

/* As much as can be said of what is different at each read. */
static bool kinds_agree(const struct outcome *one, const struct outcome *other)
{
    return one->error == other->error && (one->length > 0) == (other->length > 0);
}

/* A read that a plain one waits in can be taken back, or has ended meanwhile. */
static void expect_cancel(const char *path, size_t length, off_t offset)
{
    static char bytes[LONGEST];
    int fd = open_file(path);
    if (fd == -1)
        return;
    struct aiocb aiocb = request(fd, bytes, length, offset);
    SUBMIT_READ(&aiocb);
    WAIT_UNTIL(aio_cancel(fd, &aiocb) != AIO_NOTCANCELED);
    close(fd);
}

static void hold_against(const char *path, size_t length, off_t offset)
{
    static struct outcome before, by_aio, after;
    for (int try = 0; try < TRIES; try++) {
        read_plainly(path, &before, length, offset);
        if (before.waits) {
            waiting_files++;
            if (is_verbose)
                printf("%s waits\n", path);
            expect_cancel(path, length, offset);
            return;
        }
        read_by_aio(path, &by_aio, length, offset);
        read_plainly(path, &after, length, offset);
        if (after.waits || agree(&by_aio, &before) || agree(&by_aio, &after))
            return;
        if (!agree(&before, &after)) {
            if (kinds_agree(&by_aio, &before) || kinds_agree(&by_aio, &after))
                return;
            continue;
        }
        if (try == TRIES - 1)
            FAIL("%s, %zu bytes at %jd: aio_read gives %zd (%s), pread or read %zd (%s), twice%s", path, length,
                 (intmax_t)offset, by_aio.length, strerror(by_aio.error), before.length, strerror(before.error),
                 by_aio.length == before.length ? ", with other bytes" : "");
    }
}

static void try_file(const char *path)
{
    int fd = open_file(path);
    if (fd == -1) {
        refused_files++;
        return;
    }
    close(fd);
    read_files++;
    if (is_verbose)
        printf("%s\n", path);
    hold_against(path, LONGEST, 0);
    hold_against(path, 10, 0);
    hold_against(path, 0, 0);
    hold_against(path, 4096, 3);
}

static void walk(const char *root, const char *folder, int depth)
{
    if (folders_left == 0 || depth == MOST_DEPTH)
        return;
    folders_left--;
    DIR *entries = opendir(folder);
    if (entries == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[1024];
        if (entry->d_name[0] == '.' && (entry->d_name[1] == '\0' || entry->d_name[1] == '.'))
            continue;
        if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) >= sizeof path || is_left_out(path))
            continue;
        if (entry->d_type == DT_DIR)
            walk(root, path, depth + 1);
        else if ((entry->d_type == DT_REG || entry->d_type == DT_CHR || entry->d_type == DT_BLK) &&
                 is_new(root, entry->d_name))
            try_file(path);
    }
    closedir(entries);
}

int main(void)
{
    claim_start();
    handle(SIGALRM, time_is_up, 0);
    is_verbose = getenv("HOSTILE_VERBOSE") != NULL;
    static const char *const roots[] = {"/proc", "/proc/self", "/sys", "/sys/kernel/tracing", "/dev"};
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        folders_left = MOST_FOLDERS;
        walk(roots[i], roots[i], 0);
    }
    if (is_verbose)
        printf("%u files read, %u not to be opened, %u where a read waits\n", read_files, refused_files, waiting_files);
    return 0;
}
