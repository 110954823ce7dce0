// SPDX-License-Identifier: MIT
#include "engine/message.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include "os/signals.h"

namespace atomrt::engine {

void say(const char* format, ...) {
  const int saved_errno = errno;
  char line[512] = "atomrt: ";
  constexpr std::size_t PREFIX = 8;
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(line + PREFIX, sizeof line - PREFIX - 1, format, arguments);
  va_end(arguments);
  std::size_t end = PREFIX + (length < 0 ? 0 : static_cast<std::size_t>(length));
  if (end > sizeof line - 2) end = sizeof line - 2;
  line[end++] = '\n';
  (void)os::write_quietly(2, line, end);
  errno = saved_errno;
}

}  // namespace atomrt::engine
