// SPDX-License-Identifier: MIT
#include "launcher/own_file.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>

namespace atomrt::launcher {

bool find_own_file(Path& path) {
  char buffer[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", buffer, sizeof buffer);
  if (length > 0 && static_cast<std::size_t>(length) < sizeof buffer) {
    return path.join(std::string_view(buffer, static_cast<std::size_t>(length)));
  }
  const auto name = reinterpret_cast<const char*>(getauxval(AT_EXECFN));
  return name != nullptr && realpath(name, buffer) != nullptr && path.join(buffer);
}

}  // namespace atomrt::launcher
