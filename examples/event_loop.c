/* SPDX-License-Identifier: MIT */
/* AIO in an epoll loop: event_loop signal|function FILE. A signalfd, or an eventfd that a function writes to, reports
   that a read is complete. Do not use both in one program: the threads that such functions run on block no signal, and
   a signalfd gets only what all threads block. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int event;

/* Runs on a thread of its own. An eventfd adds up what is written to it: with several requests, write 1 and look at
   each. */
static void tell(union sigval value) {
  const uint64_t address = (uintptr_t)value.sival_ptr;
  if (write(event, &address, sizeof address) != sizeof address) perror("eventfd");
}

/* Returns the descriptor that reports completion. */
static int prepare_signal(struct aiocb *request) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &signals, NULL); /* before any thread is created: threads inherit it */
  request->aio_sigevent.sigev_notify = SIGEV_SIGNAL;
  request->aio_sigevent.sigev_signo = SIGRTMIN;
  request->aio_sigevent.sigev_value.sival_ptr = request;
  return signalfd(-1, &signals, SFD_CLOEXEC);
}

static int prepare_function(struct aiocb *request) {
  request->aio_sigevent.sigev_notify = SIGEV_THREAD;
  request->aio_sigevent.sigev_notify_function = tell;
  request->aio_sigevent.sigev_value.sival_ptr = request;
  return event = eventfd(0, EFD_CLOEXEC);
}

/* Returns the request that was reported; NULL on failure. */
static struct aiocb *take_signal(int fd) {
  struct signalfd_siginfo information;
  if (read(fd, &information, sizeof information) != sizeof information) return NULL;
  return (struct aiocb *)(uintptr_t)information.ssi_ptr;
}

static struct aiocb *take_function(int fd) {
  uint64_t address;
  return read(fd, &address, sizeof address) == sizeof address ? (struct aiocb *)(uintptr_t)address : NULL;
}

int main(int count, char **arguments) {
  static char bytes[4096];
  if (count != 3 || (strcmp(arguments[1], "signal") != 0 && strcmp(arguments[1], "function") != 0)) {
    fprintf(stderr, "usage: event_loop signal|function FILE\n");
    return 2;
  }
  const int is_signal = strcmp(arguments[1], "signal") == 0;
  struct aiocb request = {.aio_fildes = open(arguments[2], O_RDONLY), .aio_buf = bytes, .aio_nbytes = sizeof bytes};
  const int source = is_signal ? prepare_signal(&request) : prepare_function(&request);
  const int loop = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event interest = {.events = EPOLLIN, .data.fd = source};
  if (request.aio_fildes < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, source, &interest) != 0 || aio_read(&request) != 0) {
    perror(arguments[2]);
    return 1;
  }
  for (;;) { /* a program would have more descriptors to watch */
    struct epoll_event ready;
    if (epoll_wait(loop, &ready, 1, -1) != 1) {
      if (errno == EINTR) continue;
      perror("epoll_wait");
      return 1;
    }
    struct aiocb *const done = is_signal ? take_signal(source) : take_function(source);
    if (done == NULL) return 1;
    const int error = aio_error(done);
    const ssize_t length = aio_return(done);
    if (error != 0) {
      fprintf(stderr, "%s: %s\n", arguments[2], strerror(error));
      return 1;
    }
    printf("%zd bytes\n", length);
    return 0;
  }
}
