// SPDX-License-Identifier: MIT
// What PROGRAM is, as far as a preload is concerned. Only looks; whether it can be executed is for execvp to say.
#pragma once

#include "launcher/elf_image.h"
#include "launcher/path.h"

namespace atomrt::launcher {

// The file that execvp would take: the name itself where it holds a slash, else through PATH. False where there is
// none.
[[nodiscard]] bool find_program(const char* name, Path& path);

enum class Reach {
  FULL,        // a preload reaches it, or it cannot be told
  NOT_ITSELF,  // not this program, but those that it starts: statically linked, setuid, file capabilities
  OTHER_WORD,  // a preload of its own word size reaches it
  HARMFUL,     // its loader would complain about any preload or fail: another machine, another libc
};

struct Subject {
  Path file;           // PROGRAM, or what its #! line leads to
  Reach reach;
  const char* reason;  // for less than FULL, the end of "FILE …"
  Abi abi;
  Image kind;
};

[[nodiscard]] Subject inspect_program(const Path& program);

// Why a program that exists still can't be found: the file that its #! line or its program header names is
// missing. False where that is not so.
[[nodiscard]] bool find_missing_interpreter(const Path& program, Path& interpreter);

}  // namespace atomrt::launcher
