/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const struct engine *const ENGINES[] = {&posix_engine, &psync_engine, &pool_engine, &io_uring_engine,
                                               &libaio_engine};

const struct engine *find_engine(const char *name) {
  for (size_t i = 0; i < sizeof ENGINES / sizeof *ENGINES; i++)
    if (strcmp(ENGINES[i]->name, name) == 0) return ENGINES[i];
  return NULL;
}

ssize_t perform_plainly(const struct slot *slot) {
  ssize_t result = 0;
  switch (slot->operation) {
    case READ:
      result = pread(slot->fd, slot->buffer, slot->bytes, slot->offset);
      break;
    case WRITE:
      result = pwrite(slot->fd, slot->buffer, slot->bytes, slot->offset);
      break;
    case SYNC:
      result = fsync(slot->fd);
      break;
  }
  return result < 0 ? -errno : result;
}
