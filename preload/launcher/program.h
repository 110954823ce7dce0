// What PROGRAM is, as far as a preload is concerned. Only looks; whether it can be executed is for execvp to say.
#pragma once

#include "launcher/path.h"

namespace atomrt::launcher {

// The file that execvp would take: the name itself where it holds a slash, else through PATH. False where there is
// none.
[[nodiscard]] bool find_program(const char* name, Path& path);

enum class Reach {
  FULL,        // a preload reaches it, or it cannot be told
  NOT_ITSELF,  // not this program, but those that it starts: statically linked, setuid, file capabilities
  HARMFUL,     // its loader would complain about the preload or fail: another word size or machine, musl
};

// Follows #! lines to the interpreter. For less than FULL, writes the reason as the end of "FILE …" and the file it is
// about.
[[nodiscard]] Reach inspect_program(const Path& program, Path& subject, const char*& reason);

}  // namespace atomrt::launcher
