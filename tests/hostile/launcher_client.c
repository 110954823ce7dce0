/* SPDX-License-Identifier: MIT */
// A program with one aio_write and one aio_read: prints who serves it.
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#pragma weak atomrt_version
const char *atomrt_version(void);

static int wait_for(struct aiocb *request) {
  const struct aiocb *list[] = {request};
  while (aio_error(request) == EINPROGRESS) aio_suspend(list, 1, NULL);
  return (int)aio_return(request);
}

int main(int count, char **arguments) {
  char text[] = "launched", back[sizeof text] = "";
  if (count < 2) return 99;
  const int fd = open(arguments[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return 99;
  struct aiocb request = {.aio_fildes = fd, .aio_buf = text, .aio_nbytes = sizeof text};
  request.aio_sigevent.sigev_notify = SIGEV_NONE;
  if (aio_write(&request) != 0 || wait_for(&request) != sizeof text) return 1;
  request.aio_buf = back;
  if (aio_read(&request) != 0 || wait_for(&request) != sizeof text || strcmp(text, back) != 0) return 1;
  if (atomrt_version) {
    printf("atomrt %s\n", atomrt_version());
  } else {
    puts("glibc");
  }
  return 0;
}
