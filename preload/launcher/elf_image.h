// SPDX-License-Identifier: MIT
// The few things in an ELF file that decide whether the dynamic loader would take a preload of ours.
#pragma once

#include <cstdint>

#include "launcher/path.h"

namespace atomrt::launcher {

// A loader takes libraries of the program's own ABI only. All zero: none.
struct Abi {
  unsigned char word_class;  // ELFCLASS32, ELFCLASS64
  std::uint16_t machine;     // EM_386...

  bool operator==(const Abi&) const = default;
};

enum class Image {
  DYNAMIC,  // has a loader, of glibc as far as can be told
  STATIC,   // has none
  MUSL,     // has musl's
  UCLIBC,   // has uClibc's
  BIONIC,   // has Android's
  UNKNOWN,  // not readable, or no ELF file
};

struct ElfImage {
  Image kind;
  Abi abi;
};

[[nodiscard]] ElfImage inspect_elf(const char* path);
// The launcher's own.
[[nodiscard]] Abi own_abi();
// Where glibc's loader for that ABI is; null where this is not known.
[[nodiscard]] const char* loader_of(Abi abi);
// The program header that names a loader, as it is in the file; false where there is none.
[[nodiscard]] bool read_loader(const char* path, Path& loader);

}  // namespace atomrt::launcher
