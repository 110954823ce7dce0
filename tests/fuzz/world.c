/* SPDX-License-Identifier: MIT */
/* The files. Each block of a region names its file, owner, number and version in every word of it. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int shared_fd[SHARED];
static int unnamed[SHARED];
static char folder[256];

static const struct {
    bool in_memory;
    int flags;
} FILES[SHARED] = {{false, 0}, {true, 0}, {false, O_DIRECT}, {false, O_DIRECT}, {false, O_DSYNC}};

static int make_file(const char *where)
{
    char path[300];
    snprintf(path, sizeof path, "%s/fuzzXXXXXX", where);
    int fd = mkstemp(path);
    MUST(fd != -1);
    unlink(path);
    return fd;
}

/* The same file again: its own description, with the flags of its kind. */
int world_reopen(unsigned file)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", unnamed[file]);
    return open(path, O_RDWR | O_CLOEXEC | FILES[file].flags);
}

bool world_is_direct(unsigned file) { return FILES[file].flags == O_DIRECT; }

void world_open(const char *disk, const char *memory)
{
    snprintf(folder, sizeof folder, "%s", disk);
    for (unsigned file = 0; file < SHARED; ++file) {
        unnamed[file] = make_file(FILES[file].in_memory ? memory : disk);
        MUST(ftruncate(unnamed[file], (off_t)MOST_WORKERS * REGION * BLOCK) == 0);
        shared_fd[file] = world_reopen(file);
        MUST(shared_fd[file] != -1);
    }
}

void world_close(void)
{
    for (unsigned file = 0; file < SHARED; ++file) {
        close(unnamed[file]);
        close(shared_fd[file]);
    }
}

static uint64_t word_of(unsigned file, unsigned owner, unsigned number, uint32_t version)
{
    uint64_t state = (uint64_t)version << 32 | file << 24 | owner << 16 | number;
    return random_next(&state);
}

/* Version 0 is a hole. */
void fill_block(unsigned char *block, unsigned file, unsigned owner, unsigned number, uint32_t version)
{
    const uint64_t word = version == 0 ? 0 : word_of(file, owner, number, version);
    for (size_t at = 0; at < BLOCK; at += sizeof word)
        memcpy(block + at, &word, sizeof word);
}

void check_block(const unsigned char *block, unsigned file, unsigned owner, unsigned number, uint32_t version)
{
    unsigned char right[BLOCK];
    if (version == UNKNOWN)
        return;
    fill_block(right, file, owner, number, version);
    if (memcmp(block, right, BLOCK) != 0)
        give_up("file %u, block %u of worker %u: not the bytes of version %u", file, number, owner, version);
}

void world_check(void)
{
    unsigned char *block = aligned_alloc(BLOCK, BLOCK);
    for (unsigned file = 0; file < SHARED; ++file)
        for (unsigned owner = 0; owner < plan.workers; ++owner)
            for (unsigned number = 0; number < REGION; ++number) {
                const off_t at = (off_t)(owner * REGION + number) * BLOCK;
                MUST(pread(shared_fd[file], block, BLOCK, at) == BLOCK);
                check_block(block, file, owner, number, workers[owner].versions[file][number]);
            }
    free(block);
}

void append_open(struct worker *worker)
{
    char path[64];
    const int fd = make_file(folder);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    worker->append_fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
    MUST(worker->append_fd != -1);
    close(fd);
    worker->append_turn = worker->append_next = 0;
}

void fill_record(unsigned char *record, unsigned owner, unsigned long turn)
{
    memset(record, (int)(turn * 31 + owner), RECORD);
    memcpy(record, &turn, sizeof turn);
}

/* The records that were not cancelled, in the order of their calls. */
void append_check(struct worker *worker)
{
    unsigned char record[RECORD], right[RECORD];
    unsigned long turn, before = 0, count = 0;
    for (off_t at = 0;; at += RECORD, ++count) {
        const ssize_t got = pread(worker->append_fd, record, RECORD, at);
        MUST(got == 0 || got == RECORD);
        if (got == 0)
            break;
        memcpy(&turn, record, sizeof turn);
        fill_record(right, worker->index, turn);
        if (memcmp(record, right, RECORD) != 0)
            give_up("worker %u: record %lu of the appended file is torn", worker->index, count);
        if (count > 0 && turn <= before)
            give_up("worker %u: append %lu came after append %lu", worker->index, turn, before);
        before = turn;
    }
    if (count != worker->append_next)
        give_up("worker %u: %lu appends succeeded, the file has %lu", worker->index, worker->append_next, count);
}
