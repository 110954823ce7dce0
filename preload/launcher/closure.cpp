// SPDX-License-Identifier: MIT
#include "launcher/closure.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace atomrt::launcher {
namespace {

// The loader of this machine, not the one that the file names: that might be any program.
[[noreturn]] void list(const char* loader, const char* file, int output) {
  const int nothing = open("/dev/null", O_RDWR);
  if (nothing >= 0) {
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDERR_FILENO);
  }
  dup2(output, STDOUT_FILENO);
  unsetenv("LD_PRELOAD");
  unsetenv("LD_AUDIT");
  unsetenv("LD_DEBUG");
  // As ldd(1) does it: with --list, a missing library would be all that is reported.
  if (setenv("LD_TRACE_LOADED_OBJECTS", "1", 1) == 0) execl(loader, loader, file, static_cast<char*>(nullptr));
  _exit(127);
}

}  // namespace

Closure::Closure(const char* file, Abi abi) {
  const char* const loader = loader_of(abi);
  // Without a slash the loader would look for a library of that name.
  Path path;
  if (loader == nullptr || !(std::strchr(file, '/') != nullptr ? path.join(file) : path.join("./", file))) return;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  process_ = fork();
  if (process_ == 0) list(loader, path.c_str(), ends[1]);
  close(ends[1]);
  output_ = process_ > 0 ? fdopen(ends[0], "r") : nullptr;
  if (output_ == nullptr) close(ends[0]);
}

Closure::~Closure() { wait(); }

bool Closure::next(Library& library) {
  char line[2 * PATH_MAX];
  while (output_ != nullptr && std::fgets(line, sizeof line, output_) != nullptr) {
    // "\tNAME => FILE (0xADDRESS)", "\tNAME => not found", "\tFILE (0xADDRESS)" of the loader and of vDSO
    const char* const arrow = std::strstr(line, " => ");
    if (line[0] != '\t' || arrow == nullptr) continue;
    const char* const file = arrow + 4;
    const char* const end = std::strstr(file, " (0x");
    if (!library.name.join(std::string_view(line + 1, static_cast<std::size_t>(arrow - line - 1)))) continue;
    // Only the second form has no address.
    const std::string_view found(file, end == nullptr ? 0 : static_cast<std::size_t>(end - file));
    if (!library.file.join(found)) continue;
    return true;
  }
  return false;
}

void Closure::wait() {
  if (output_ != nullptr) std::fclose(output_);
  output_ = nullptr;
  while (process_ > 0 && waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
}

bool Closure::is_complete() {
  wait();
  return status_ == 0;
}

}  // namespace atomrt::launcher
