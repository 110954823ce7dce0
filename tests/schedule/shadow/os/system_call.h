// SPDX-License-Identifier: MIT
// Found before src/os/system_call.h: each system call of the library goes to the simulated kernel.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

// -errno, or what the call returns: kernel/calls.cpp.
extern "C" long schedule_system_call(long number, long a, long b, long c, long d, long e, long f);

namespace atomrt::os {

template <typename T>
inline long as_word(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    return static_cast<long>(value);
  }
}

inline long enter_kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  return schedule_system_call(number, a, b, c, d, e, f);
}

template <typename... Words>
inline long system_call(long number, Words... words) {
  static_assert(sizeof...(words) <= 6);
  return enter_kernel(number, as_word(words)...);
}

// The errors of a kernel without the call, and of seccomp filters.
inline bool is_refused(long result) { return result == -ENOSYS || result == -EPERM || result == -EACCES; }

}  // namespace atomrt::os
