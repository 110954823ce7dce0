#include "launcher/messages.h"

#include <cstdarg>
#include <cstdio>

namespace atomrt::launcher {
namespace {

void print_line(const char* prefix, const char* format, va_list arguments) {
  std::fputs(prefix, stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
}

}  // namespace

int fail(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line("atomrt: ", format, arguments);
  va_end(arguments);
  return OWN_FAILURE;
}

void warn(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_line("atomrt: warning: ", format, arguments);
  va_end(arguments);
}

}  // namespace atomrt::launcher
