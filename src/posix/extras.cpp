// SPDX-License-Identifier: MIT
// The functions of <atomrt.h>.
#include <atomrt.h>

#include <cerrno>

#include "engine/engine.h"
#include "engine/pending.h"
#include "posix/export.h"

namespace {

// EBADF for a descriptor that is not open, even where there is nothing to write.
int error_of_descriptor(int fd) {
  const auto flags = atomrt::os::status_flags(fd);
  return flags ? 0 : flags.error();
}

}  // namespace

extern "C" [[gnu::visibility("default")]] const char* atomrt_version(void) noexcept { return ATOMRT_VERSION; }

extern "C" [[gnu::visibility("default")]] int atomrt_enable_statistics(void) noexcept {
  atomrt::engine::Engine* engine = atomrt::engine::engine();
  if (engine == nullptr) {
    errno = ENOMEM;
    return -1;
  }
  engine->statistics.enable();
  return 0;
}

extern "C" [[gnu::visibility("default")]] int atomrt_write_pending(int fd) noexcept {
  if (const int error = error_of_descriptor(fd); error != 0) return atomrt::posix::report(error);
  return atomrt::posix::report(atomrt::engine::write_pending(fd, {}).error);
}

extern "C" [[gnu::visibility("default")]] int atomrt_write_statistics(int fd) noexcept {
  if (const int error = error_of_descriptor(fd); error != 0) return atomrt::posix::report(error);
  const atomrt::engine::Engine* engine = atomrt::engine::running_engine();
  return atomrt::posix::report(engine != nullptr ? engine->statistics.write_to(fd, library_threads(*engine)) : 0);
}
