/* SPDX-License-Identifier: MIT */
/* Shows whether atomrt serves this program, and what it counted; also runs with glibc's AIO: statistics FILE. */
#include <aio.h>
#include <atomrt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Weak: a program that is not linked with -latomrt finds them when the library is preloaded. */
#pragma weak atomrt_version
#pragma weak atomrt_enable_statistics
#pragma weak atomrt_write_statistics

int main(int count, char **arguments) {
  static char bytes[4096];
  if (count != 2) {
    fprintf(stderr, "usage: statistics FILE\n");
    return 2;
  }
  if (atomrt_version && atomrt_enable_statistics() != 0) perror("atomrt_enable_statistics");
  const int file = open(arguments[1], O_RDONLY);
  struct aiocb request = {.aio_fildes = file, .aio_buf = bytes, .aio_nbytes = sizeof bytes,
                          .aio_sigevent.sigev_notify = SIGEV_NONE};
  const struct aiocb *const list[] = {&request};
  if (file < 0 || aio_read(&request) != 0) {
    perror(arguments[1]);
    return 1;
  }
  while (aio_error(&request) == EINPROGRESS) aio_suspend(list, 1, NULL);
  printf("%zd bytes, served by %s\n", aio_return(&request), atomrt_version ? "atomrt" : "glibc");
  fflush(stdout);
  if (atomrt_version && atomrt_write_statistics(STDOUT_FILENO) != 0) perror("atomrt_write_statistics");
  return 0;
}
