// SPDX-License-Identifier: MIT
/* A file whose storage answers only when the claim says so: a FUSE file served by a process of the claim's own, and a
 * disk (loop device) over it. Reads and writes that touch the held range stay unanswered until slow_file_release(), and of
 * a silent file also what is asked of its attributes and of its file system; everything else is answered at once. A claim that returns from a call while its bytes are held has shown, without any
 * clock, that the call does not wait for storage.
 *
 * The protocol is spoken by hand (linux/fuse.h) so that the claims need no library. The mount lives in a mount namespace
 * of the claim's own and goes with it. Exits with 77 where namespaces, /dev/fuse or loop devices are not to be had.
 */
#ifndef SLOW_FILE_H
#define SLOW_FILE_H

#include "claim.h"

#include <linux/fuse.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/uio.h>

enum { SLOW_FILE_SIZE = 1 << 20, SLOW_FILE_EVENTS = 256, SLOW_FILE_HELD = 64 };

struct slow_event {
    int opcode; /* FUSE_READ, FUSE_WRITE or FUSE_FSYNC */
    bool answered;
    unsigned long long offset;
};

/* Shared by the claim and the process that serves the file. */
struct slow_shared {
    atomic_ullong held_from, held_to;
    atomic_bool is_silent;
    atomic_int error;      /* what reads and writes fail with; 0: they do not */
    atomic_uint most;      /* bytes that one of them moves; 0: all */
    atomic_uint open_flags;
    atomic_int held;   /* requests unanswered now */
    atomic_int events; /* arrivals and answers so far, in their order */
    struct slow_event event[SLOW_FILE_EVENTS];
    unsigned char bytes[SLOW_FILE_SIZE];
};

struct slow_file {
    struct slow_shared *shared;
    int control;
    char path[320];
};

/* ---- the serving process ---- */

static inline void slow_answer(int device, uint64_t unique, int error, const void *body, size_t size)
{
    struct fuse_out_header header = {.len = (uint32_t)(sizeof header + size), .error = -error, .unique = unique};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)(uintptr_t)body, size}};
    if (writev(device, parts, 2) == -1 && errno != ENOENT)
        _exit(CLAIM_NOT_SET_UP);
}

static inline void slow_note(struct slow_shared *shared, int opcode, bool answered, unsigned long long offset)
{
    int index = atomic_load(&shared->events);
    if (index < SLOW_FILE_EVENTS)
        shared->event[index] = (struct slow_event){opcode, answered, offset};
    atomic_store(&shared->events, index + 1);
}

/* FUSE_READ and FUSE_WRITE begin alike: handle, offset, size. */
static inline void slow_transfer(int device, struct slow_shared *shared, const struct fuse_in_header *in)
{
    const struct fuse_read_in *read_in = (const void *)(in + 1);
    uint64_t size = read_in->offset >= SLOW_FILE_SIZE ? 0 : SLOW_FILE_SIZE - read_in->offset;
    if (size > read_in->size)
        size = read_in->size;
    slow_note(shared, (int)in->opcode, true, read_in->offset);
    const uint64_t most = atomic_load(&shared->most);
    if (most != 0 && size > most)
        size = most;
    if (atomic_load(&shared->error) != 0) {
        slow_answer(device, in->unique, atomic_load(&shared->error), NULL, 0);
        return;
    }
    if (in->opcode == FUSE_READ) {
        slow_answer(device, in->unique, 0, shared->bytes + read_in->offset, size);
    } else {
        memcpy(shared->bytes + read_in->offset, (const struct fuse_write_in *)(const void *)read_in + 1, size);
        struct fuse_write_out out = {.size = (uint32_t)size};
        slow_answer(device, in->unique, 0, &out, sizeof out);
    }
}

static inline void slow_keep(struct slow_shared *shared, const struct fuse_in_header *in, struct fuse_in_header **held,
                             size_t length)
{
    int index = atomic_load(&shared->held);
    if (index == SLOW_FILE_HELD)
        _exit(CLAIM_NOT_SET_UP);
    held[index] = malloc(length);
    memcpy(held[index], in, length);
    atomic_store(&shared->held, index + 1);
}

static inline void slow_serve_one(int device, struct slow_shared *shared, struct fuse_in_header *in,
                                  struct fuse_in_header **held, size_t length)
{
    const struct fuse_read_in *read_in = (const void *)(in + 1);
    if (atomic_load(&shared->is_silent) && (in->opcode == FUSE_GETATTR || in->opcode == FUSE_STATFS)) {
        slow_keep(shared, in, held, length);
        return;
    }
    switch (in->opcode) {
    case FUSE_INIT: {
        const struct fuse_init_in *init_in = (const void *)(in + 1);
        struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 128 * 1024, .max_background = 64,
                                    .congestion_threshold = 64, .time_gran = 1};
        out.flags = init_in->flags & (FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_ASYNC_DIO);
        slow_answer(device, in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_GETATTR:
    case FUSE_SETATTR: {
        struct fuse_attr_out out = {.attr_valid = 0};
        out.attr = (struct fuse_attr){.ino = 1, .size = SLOW_FILE_SIZE, .blocks = SLOW_FILE_SIZE / 512, .mode = S_IFREG | 0600,
                                      .nlink = 1, .uid = in->uid, .gid = in->gid, .blksize = 4096};
        slow_answer(device, in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_OPEN: {
        struct fuse_open_out out = {.open_flags = FOPEN_KEEP_CACHE | atomic_load(&shared->open_flags)};
        slow_answer(device, in->unique, 0, &out, sizeof out);
        break;
    }
    case FUSE_READ:
    case FUSE_WRITE:
        slow_note(shared, (int)in->opcode, false, read_in->offset);
        if (read_in->offset < atomic_load(&shared->held_to) &&
            read_in->offset + read_in->size > atomic_load(&shared->held_from)) {
            slow_keep(shared, in, held, length);
        } else {
            slow_transfer(device, shared, in);
        }
        break;
    case FUSE_FSYNC:
        slow_note(shared, (int)in->opcode, false, 0);
        slow_note(shared, (int)in->opcode, true, 0);
        slow_answer(device, in->unique, 0, NULL, 0);
        break;
    case FUSE_FLUSH:
    case FUSE_RELEASE:
    case FUSE_ACCESS:
        slow_answer(device, in->unique, 0, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        break;
    default:
        slow_answer(device, in->unique, ENOSYS, NULL, 0);
    }
}

__attribute__((noreturn)) static inline void slow_serve(int device, int control, struct slow_shared *shared)
{
    static _Alignas(8) char message[256 * 1024];
    struct fuse_in_header *held[SLOW_FILE_HELD];
    struct pollfd events[] = {{.fd = device, .events = POLLIN}, {.fd = control, .events = POLLIN}};
    for (;;) {
        poll(events, 2, -1);
        if (events[0].revents & (POLLIN | POLLERR | POLLHUP)) {
            ssize_t length = read(device, message, sizeof message);
            if (length > 0)
                slow_serve_one(device, shared, (struct fuse_in_header *)(void *)message, held, (size_t)length);
            else if (errno != EINTR && errno != EAGAIN && errno != ENOENT)
                _exit(0);
        }
        char order;
        if (events[1].revents != 0) {
            if (read(control, &order, 1) != 1)
                _exit(0);
            atomic_store(&shared->held_to, 0);
            atomic_store(&shared->is_silent, false);
            int count = atomic_load(&shared->held);
            for (int i = 0; i < count; i++) {
                if (held[i]->opcode == FUSE_READ || held[i]->opcode == FUSE_WRITE)
                    slow_transfer(device, shared, held[i]);
                else
                    slow_serve_one(device, shared, held[i], held, 0);
                free(held[i]);
            }
            atomic_store(&shared->held, 0);
        }
    }
}

/* ---- the claim's side ---- */

static inline void slow_enter_namespace(void)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    if (unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) == -1)
        SKIP("no mount namespace: %s", strerror(errno));
    if (user != 0) {
        int map = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
        if (map != -1) {
            dprintf(map, "deny");
            close(map);
        }
        map = MUST(open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC));
        dprintf(map, "0 %u 1", user);
        close(map);
        map = MUST(open("/proc/self/gid_map", O_WRONLY | O_CLOEXEC));
        dprintf(map, "0 %u 1", group);
        close(map);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
        SKIP("no private mounts: %s", strerror(errno));
}

/* To be called while the claim has one thread. The file holds the pattern; nothing is held yet. */
static inline struct slow_file slow_file_start(void)
{
    struct slow_file file;
    slow_enter_namespace();
    snprintf(file.path, sizeof file.path, "%s", temporary_path("slow"));
    close(MUST(open(file.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
    int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (device == -1)
        SKIP("/dev/fuse: %s", strerror(errno));
    char options[128];
    snprintf(options, sizeof options, "fd=%d,rootmode=100600,user_id=%u,group_id=%u", device, geteuid(), getegid());
    if (mount("claim", file.path, "fuse", MS_NOSUID | MS_NODEV, options) == -1)
        SKIP("FUSE mount: %s", strerror(errno));

    file.shared = MUST((struct slow_shared *)mmap(NULL, sizeof *file.shared, PROT_READ | PROT_WRITE,
                                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    fill_pattern(file.shared->bytes, SLOW_FILE_SIZE, 0);
    struct stream control = make_pipe();
    pid_t claim = getpid(), server = MUST(fork());
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != claim)
            _exit(0);
        close(control.writer);
        slow_serve(device, control.reader, file.shared);
    }
    close(device);
    close(control.reader);
    file.control = control.writer;
    MUST(fcntl(file.control, F_SETFD, FD_CLOEXEC));
    return file;
}

static inline int slow_file_open(const struct slow_file *file, int flags)
{
    int fd = MUST(open(file->path, flags | O_CLOEXEC));
    struct stat status;
    MUST(fstat(fd, &status)); /* the kernel would not take the size while a write is under way */
    if ((flags & O_DIRECT) == 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* no read-ahead into the held range */
    return fd;
}

/* From now on requests for bytes in [from, to) stay unanswered. */
static inline void slow_file_hold(struct slow_file *file, unsigned long long from, unsigned long long to)
{
    atomic_store(&file->shared->held_from, from);
    atomic_store(&file->shared->held_to, to);
}

/* The same for all bytes, and for everything that is asked of the file. */
static inline void slow_file_silence(struct slow_file *file)
{
    slow_file_hold(file, 0, SLOW_FILE_SIZE);
    atomic_store(&file->shared->is_silent, true);
}

static inline void slow_file_release(struct slow_file *file)
{
    if (write(file->control, "r", 1) != 1)
        SET_UP_FAILED("slow_file_release");
}

#define AWAIT_HELD(file, count) WAIT_UNTIL(atomic_load(&(file)->shared->held) >= (count))

/* Where in the order of events the n-th (from 0) of this kind stands; -1 when there was none. */
static inline int slow_file_event(const struct slow_file *file, int opcode, bool answered, int n)
{
    int count = atomic_load(&file->shared->events);
    for (int i = 0; i < count && i < SLOW_FILE_EVENTS; i++)
        if (file->shared->event[i].opcode == opcode && file->shared->event[i].answered == answered && n-- == 0)
            return i;
    return -1;
}

/* A disk whose storage is the slow file; gone with its last descriptor. */
static inline int slow_disk_open(const struct slow_file *file, int flags)
{
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control == -1)
        SKIP("/dev/loop-control: %s", strerror(errno));
    int backing = MUST(open(file->path, O_RDWR | O_CLOEXEC));
    /* Older kernels (6.12) take the disk's size from what they know of the file: it must have been asked for. */
    struct stat status;
    MUST(fstat(backing, &status));
    for (int attempt = 0; attempt < 100; attempt++) {
        char path[32];
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number == -1)
            SKIP("no loop device: %s", strerror(errno));
        snprintf(path, sizeof path, "/dev/loop%d", number);
        int disk = open(path, flags | O_CLOEXEC);
        if (disk == -1)
            SKIP("%s: %s", path, strerror(errno));
        struct loop_config config;
        memset(&config, 0, sizeof config);
        config.fd = (unsigned)backing;
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        if (ioctl(disk, LOOP_CONFIGURE, &config) == 0) {
            close(backing);
            close(control);
            if ((flags & O_DIRECT) == 0)
                posix_fadvise(disk, 0, 0, POSIX_FADV_RANDOM);
            return disk;
        }
        if (errno != EBUSY)
            SKIP("LOOP_CONFIGURE: %s", strerror(errno));
        close(disk);
        claim_pause();
    }
    SKIP("every loop device is taken");
}

#endif
