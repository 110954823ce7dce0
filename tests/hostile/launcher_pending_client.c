// SPDX-License-Identifier: MIT
// Hangs, for launcher_shows_what_is_pending.py: two reads and a sync of a pipe that stays empty, and a read of another
// pipe whose descriptor is closed meanwhile. Says so, and what the aiocbs are; ends at the end of its input.
#include <aio.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct aiocb blocks[3];
static char buffers[3][64];

static void submit(struct aiocb *block, int fd, void *buffer, size_t length) {
  block->aio_fildes = fd;
  block->aio_buf = buffer;
  block->aio_nbytes = length;
  block->aio_offset = 4096;
  block->aio_sigevent.sigev_notify = SIGEV_NONE;
  if (aio_read(block) != 0) abort();
}

int main(int count, char **arguments) {
  int first[2], second[2];
  char end;
  if (pipe(first) != 0 || pipe(second) != 0) return 99;
  if (count > 1) {  // as many more as it says
    const int more = atoi(arguments[1]);
    struct aiocb *many = calloc((size_t)more, sizeof *many);
    for (int i = 0; i < more; ++i) submit(&many[i], first[0], buffers[0], 1);
  } else {
    submit(&blocks[0], first[0], buffers[0], 11);
    submit(&blocks[1], first[0], buffers[1], 22);
    submit(&blocks[2], second[0], buffers[2], 33);
    close(second[0]);
  }
  printf("%d %d %p %p %p\n", first[0], second[0], (void *)&blocks[0], (void *)&blocks[1], (void *)&blocks[2]);
  fflush(stdout);
  return read(0, &end, 1) < 0;
}
