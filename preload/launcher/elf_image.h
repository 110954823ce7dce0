// The few things in an ELF file that decide whether the dynamic loader would take a preload of ours.
#pragma once

namespace atomrt::launcher {

enum class Image {
  DYNAMIC,        // has a loader, of glibc as far as can be told
  STATIC,         // has none
  MUSL,           // has musl's
  OTHER_CLASS,    // 32-bit for a 64-bit launcher, or the other way round
  OTHER_MACHINE,  // another processor
  UNKNOWN,        // not readable, or no ELF file
};

[[nodiscard]] Image inspect_elf(const char* path);

}  // namespace atomrt::launcher
