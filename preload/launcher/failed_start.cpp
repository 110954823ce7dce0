// SPDX-License-Identifier: MIT
#include "launcher/failed_start.h"

#include <cerrno>
#include <cstring>

#include "launcher/messages.h"
#include "launcher/program.h"

namespace atomrt::launcher {

int fail_to_start(const Options& options, int error) {
  const char* const name = options.program[0];
  Path program;
  Path interpreter;
  if (options.ends_with_bare_stats && options.program[1] != nullptr) {
    fail("%s: %s (a file for statistics is given as --stats=%s)", name, std::strerror(error), name);
  } else if (error == ENOENT && find_program(name, program) && find_missing_interpreter(program, interpreter)) {
    // execve(2) gives the same error for the file itself and for the interpreter that it needs.
    fail("%s: its interpreter %s: %s", name, interpreter.c_str(), std::strerror(error));
  } else {
    fail("%s: %s", name, std::strerror(error));
  }
  return error == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
}

}  // namespace atomrt::launcher
