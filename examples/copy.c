/* SPDX-License-Identifier: MIT */
/* Copies a regular file with several reads and writes in flight: copy FROM TO. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BLOCK = 65536, BLOCKS = 8 };

/* One block on its way: first a read, then the write of what it read. */
struct block {
  struct aiocb request;
  int is_used, is_write;
  size_t length;  /* bytes read */
  size_t written; /* of these */
  char bytes[BLOCK];
};

static struct block blocks[BLOCKS];
static const struct aiocb *list[BLOCKS];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void begin_read(struct block *block, int from, off_t offset) {
  block->is_used = 1;
  block->is_write = 0;
  block->request = (struct aiocb){.aio_fildes = from, .aio_offset = offset, .aio_buf = block->bytes, .aio_nbytes = BLOCK,
                                  .aio_sigevent.sigev_notify = SIGEV_NONE};
  if (aio_read(&block->request) != 0) fail("aio_read");
}

static void begin_write(struct block *block, int to) {
  block->request.aio_fildes = to;
  block->request.aio_buf = block->bytes + block->written;
  block->request.aio_nbytes = block->length - block->written;
  block->is_write = 1;
  if (aio_write(&block->request) != 0) fail("aio_write");
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: copy FROM TO\n");
    return 2;
  }
  const int from = open(arguments[1], O_RDONLY), to = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (from < 0) fail(arguments[1]);
  if (to < 0) fail(arguments[2]);
  off_t next = 0;
  int in_flight = BLOCKS, is_end = 0;
  for (int i = 0; i < BLOCKS; ++i, next += BLOCK) {
    begin_read(&blocks[i], from, next);
    list[i] = &blocks[i].request;
  }
  while (in_flight > 0) {
    if (aio_suspend(list, BLOCKS, NULL) != 0 && errno != EINTR) fail("aio_suspend");
    for (int i = 0; i < BLOCKS; ++i) {
      struct block *block = &blocks[i];
      if (!block->is_used || aio_error(&block->request) == EINPROGRESS) continue;
      const ssize_t moved = aio_return(&block->request);
      if (moved < 0) {
        errno = aio_error(&block->request);
        fail(block->is_write ? arguments[2] : arguments[1]);
      }
      if (block->is_write) {
        block->written += (size_t)moved;
        block->request.aio_offset += moved;
      } else {
        block->length = (size_t)moved;
        block->written = 0;
      }
      if (moved == 0 && !block->is_write) is_end = 1;
      if (block->written < block->length) {
        begin_write(block, to); /* the block, or the rest of it after a short write */
      } else if (!is_end) {
        begin_read(block, from, next);
        next += BLOCK;
      } else {
        block->is_used = 0;
        list[i] = NULL; /* aio_suspend passes over it */
        --in_flight;
      }
    }
  }
  if (close(to) != 0) fail(arguments[2]);
  return 0;
}
