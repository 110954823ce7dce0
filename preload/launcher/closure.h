// SPDX-License-Identifier: MIT
// The libraries that a program is loaded with, found by the machine's own loader, which runs nothing of the program.
#pragma once

#include "launcher/elf_image.h"
#include "launcher/path.h"

namespace atomrt::launcher {

// One library of a program: its name, and its file; an empty file is one that the loader did not find.
struct Library {
  Path name;
  Path file;
};

// Asks the loader as ldd(1) does. next() gives one library after the other; the loader's own entry and the kernel's
// vDSO are left out.
class Closure {
 public:
  Closure(const char* file, Abi abi);
  ~Closure();
  Closure(const Closure&) = delete;
  Closure& operator=(const Closure&) = delete;

  [[nodiscard]] bool next(Library& library);
  // To be asked after the last one: whether the loader could list them.
  [[nodiscard]] bool is_complete();

 private:
  void wait();

  std::FILE* output_ = nullptr;
  int process_ = -1;
  int status_ = -1;
};

}  // namespace atomrt::launcher
