/* SPDX-License-Identifier: MIT */
/* Reads the first and the last block of several files at once: list FILE... */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOCK = 512 };

int main(int count, char **arguments) {
  const int files = count - 1;
  struct aiocb *requests = calloc((size_t)files * 2 + 1, sizeof *requests);
  struct aiocb **entries = calloc((size_t)files * 2 + 1, sizeof *entries);
  char *blocks = calloc((size_t)files * 2 + 1, BLOCK);
  if (requests == NULL || entries == NULL || blocks == NULL) return 1;
  for (int i = 0; i < files; ++i) {
    struct stat status;
    const int fd = open(arguments[i + 1], O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0) {
      perror(arguments[i + 1]);
      return 1;
    }
    for (int end = 0; end < 2; ++end) {
      struct aiocb *request = &requests[2 * i + end];
      request->aio_fildes = fd;
      request->aio_lio_opcode = LIO_READ;
      request->aio_buf = blocks + (size_t)(2 * i + end) * BLOCK;
      request->aio_nbytes = BLOCK;
      request->aio_offset = end == 0 || status.st_size < BLOCK ? 0 : status.st_size - BLOCK;
      request->aio_sigevent.sigev_notify = SIGEV_NONE;
      entries[2 * i + end] = request;
    }
  }
  /* All of them, and only then the return. EIO: some failed, and aio_error says which. */
  if (lio_listio(LIO_WAIT, entries, files * 2, NULL) != 0 && errno != EIO) {
    perror("lio_listio");
    return 1;
  }
  int failures = 0;
  for (int i = 0; i < files * 2; ++i) {
    const int error = aio_error(entries[i]);
    const ssize_t length = aio_return(entries[i]);
    if (error != 0) {
      fprintf(stderr, "%s: %s\n", arguments[i / 2 + 1], strerror(error));
      ++failures;
    } else {
      printf("%s: %s %zd bytes\n", arguments[i / 2 + 1], i % 2 == 0 ? "first" : "last", length);
    }
  }
  return failures != 0;
}
