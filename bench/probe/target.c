/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *file, const char *what, int error) {
  errno = error;
  fprintf(stderr, "%s: ", file);
  perror(what);
  return error;
}

/* Each page is touched too: under a hypervisor the first touch of a page that a device filled costs microseconds. */
static void warm(const struct target *target, uint64_t bytes) {
  const volatile char *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, target->fd, 0);
  if (map == MAP_FAILED) return;
  for (uint64_t place = 0; place < bytes; place += 4096) (void)map[place];
  munmap((void *)map, bytes);
}

/* The first write to a clean page costs several times what the next does, whoever makes it. */
static void make_dirty(const struct target *target, uint64_t bytes) {
  static const char block[65536];
  for (uint64_t place = 0; place < bytes; place += sizeof block)
    if (pwrite(target->fd, block, sizeof block, (off_t)place) < 0) return;
}

int target_open(struct target *target, const struct workload *workload, unsigned worker) {
  const char *file = workload->files[worker];
  const int flags = O_RDWR | O_CLOEXEC | (workload->cache == DIRECT ? O_DIRECT : 0);
  *target = (struct target){.fd = open(file, flags), .cache = workload->cache, .block_bytes = workload->block_bytes};
  if (target->fd < 0) return fail(file, "open", errno);
  struct stat status;
  if (fstat(target->fd, &status) != 0) return fail(file, "fstat", errno);
  uint64_t bytes = (uint64_t)status.st_size;
  if (workload->span_bytes != 0 && workload->span_bytes < bytes) bytes = workload->span_bytes;
  if (bytes < workload->block_bytes) return fail(file, "smaller than one block", EINVAL);
  while ((workload->block_bytes << (target->block_bits + 1)) <= bytes) target->block_bits++;
  target->next = target->first = workload->seed * 7919 + worker;
  if (workload->cache == CACHED) {
    warm(target, workload->block_bytes << target->block_bits);
    if (workload->write_percent != 0 && workload->sync_every == 0) make_dirty(target, workload->block_bytes << target->block_bits);
  } else {
    posix_fadvise(target->fd, 0, 0, POSIX_FADV_RANDOM);
    target_drop_cache(target);
  }
  return 0;
}

void target_close(struct target *target) {
  if (target->fd >= 0) close(target->fd);
}

/* A bijection of the numbers of block_bits bits: odd factors and shifted xors. */
static uint64_t scatter(uint64_t number, unsigned bits) {
  const uint64_t mask = bits == 64 ? ~0ull : (1ull << bits) - 1;
  number &= mask;
  for (unsigned round = 0; round < 2; round++) {
    number = (number * 0x9E3779B97F4A7C15ull) & mask;
    number ^= number >> (bits / 2 + 1);
  }
  return (number * 0xD1B54A32D192ED03ull) & mask;
}

off_t target_next_offset(struct target *target) {
  return (off_t)(scatter(target->next++, target->block_bits) * target->block_bytes);
}

bool target_is_used_up(const struct target *target) {
  return target->cache == UNCACHED && target->next - target->first >= 1ull << target->block_bits;
}

void target_drop_cache(struct target *target) {
  fdatasync(target->fd); /* dirty pages would stay */
  posix_fadvise(target->fd, 0, 0, POSIX_FADV_DONTNEED);
  target->first = target->next;
}

void target_settle(const struct target *target) { fdatasync(target->fd); }
