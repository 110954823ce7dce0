// SPDX-License-Identifier: MIT
#include "os/shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "os/identity.h"
#include "os/signals.h"
#include "os/system_call.h"

namespace atomrt::os {
namespace {

constexpr mode_t MODE = 0644;
constexpr std::size_t MOST_BEGIN = 16;

// Beyond the limit of a file's size (RLIMIT_FSIZE) there is a signal besides the error.
int allocate(int fd, std::size_t size) {
  const WriteSignalGuard signals;
#if __SIZEOF_LONG__ == 8
  const long result = system_call(SYS_fallocate, fd, 0, 0, size);
#else  // offset and length are two words each, little endian
  const long result = system_call(SYS_fallocate, fd, 0, 0, 0, size, 0);
#endif
  signals.absorb(result);
  return static_cast<int>(-result);
}

base::Expected<void*> map_shared(int fd, std::size_t size) {
#ifdef SYS_mmap2
  const long number = SYS_mmap2;
#else
  const long number = SYS_mmap;
#endif
  const long result = system_call(number, nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const auto given = base::from_kernel<unsigned long>(result);
  if (!given) return base::Error{given.error()};
  return reinterpret_cast<void*>(*given);
}

base::Expected<void*> fill(int fd, std::size_t size) {
  if (!is_in_memory(fd)) return base::Error{EMEDIUMTYPE};
  if (const int error = allocate(fd, size); error != 0) return base::Error{error};
  return map_shared(fd, size);
}

}  // namespace

base::Expected<void*> map_new_file(const char* path, std::size_t size) {
  constexpr int FLAGS = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const long fd = system_call(SYS_openat, AT_FDCWD, path, FLAGS, MODE);
  if (fd < 0) return base::Error{static_cast<int>(-fd)};
  const auto memory = fill(static_cast<int>(fd), size);
  system_call(SYS_close, fd);
  if (!memory) system_call(SYS_unlinkat, AT_FDCWD, path, 0);
  return memory;
}

bool remove_file_that_begins(const char* path, const char* bytes, std::size_t size) {
  constexpr int FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  if (size > MOST_BEGIN) return false;
  const long fd = system_call(SYS_openat, AT_FDCWD, path, FLAGS, 0);
  if (fd < 0) return false;
  char begin[MOST_BEGIN];
  const auto identity = identify(static_cast<int>(fd));
  const bool is_regular = identity && (*identity).is_regular;
  const long length = is_regular ? system_call(SYS_read, fd, begin, size) : -EINVAL;
  system_call(SYS_close, fd);
  if (length != static_cast<long>(size) || std::memcmp(begin, bytes, size) != 0) return false;
  return system_call(SYS_unlinkat, AT_FDCWD, path, 0) == 0;
}

}  // namespace atomrt::os
