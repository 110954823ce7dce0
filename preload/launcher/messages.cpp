// SPDX-License-Identifier: MIT
#include "launcher/messages.h"

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <ctime>

namespace atomrt::launcher {
namespace {

// PROGRAM is started even where nobody reads standard error, or its file may not grow.
class WithoutSignals {
 public:
  WithoutSignals() {
    sigemptyset(&of_writes_);
    sigaddset(&of_writes_, SIGPIPE);
    sigaddset(&of_writes_, SIGXFSZ);
    sigprocmask(SIG_BLOCK, &of_writes_, &saved_);
  }
  ~WithoutSignals() {
    const timespec none{};
    while (sigtimedwait(&of_writes_, nullptr, &none) > 0) {
    }
    sigprocmask(SIG_SETMASK, &saved_, nullptr);
  }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;

 private:
  sigset_t of_writes_, saved_;
};

void print_line(const char* prefix, const char* format, va_list arguments) {
  const WithoutSignals guard;
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
