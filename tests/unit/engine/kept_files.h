// SPDX-License-Identifier: MIT
// kept_files.h: a file whose request waits while its number is closed from another object, as a program would
// (os/hooked_object.c).
#pragma once

#include "engine/requests.h"

extern "C" int hooked_close(int fd);
extern "C" int hooked_dup2(int from, int to);
extern "C" int hooked_fclose(FILE* stream);
extern "C" int hooked_close_range(unsigned first, unsigned last, int flags);
extern "C" void hooked_closefrom(int lowest);
extern "C" int hooked_close_in_vfork(int fd);

namespace atomrt::unit {

// One worker, which stands at the gate with another file's read.
struct Busy {
  MemoryFile file;
  Aio running;
  Busy() {
    engine::set_threads(1, 1);
    close_gate();
    running.read(file.fd);
    assert_true(eventually([] { return perform_gate.arrived() == 1; }));
  }
};

inline int file_with(const char* text) {
  const int fd = memfd_create("unit", MFD_CLOEXEC);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  return fd;
}

// Closes fd as a program does and gives its number to another file.
inline void give_number_to(int fd, const char* text) {
  const int other = file_with(text);
  assert_int_equal(hooked_close(fd), 0);
  assert_int_equal(dup2(other, fd), fd);
  close(other);
}

}  // namespace atomrt::unit
