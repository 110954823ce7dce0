// SPDX-License-Identifier: MIT
// descriptors.h: descriptors of several kinds that close themselves: pipes, socket pairs, memory files.
#pragma once

#include <sys/mman.h>
#include <sys/socket.h>

#include "unit.h"

namespace atomrt::unit {

struct Pair {
  int out = -1, in = -1;  // read from out what was written into in
  ~Pair() {
    close_out();
    close_in();
  }
  void close_out() {
    if (out >= 0) close(out);
    out = -1;
  }
  void close_in() {
    if (in >= 0) close(in);
    in = -1;
  }
};
struct Pipe : Pair {
  Pipe() {
    int ends[2];
    if (pipe(ends) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
};
struct Sockets : Pair {
  Sockets() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
    out = ends[0];
    in = ends[1];
  }
};
struct File {
  int fd = memfd_create("unit", 0);
  File() {
    if (pwrite(fd, "0123456789", 10, 0) != 10) abort();
  }
  ~File() { close(fd); }
};

}  // namespace atomrt::unit
